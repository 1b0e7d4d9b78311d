import { readFile, writeFile } from 'node:fs/promises';
import { type Sha256, seededRandom, sha256 } from '@fedvox/base';
import { isBetter, type Job, perMetric } from '@fedvox/job';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import type { SeededSurrogate } from '../scenario/surrogate-schema.js';
import { descend, pooledBowl } from '../surrogate/bowl.js';
import { valuesOf, weightsOf } from '../surrogate/surrogate-model.js';
import {
  diceByCase,
  type SurrogateSite,
  surrogateFigures,
  surrogateSite,
} from '../surrogate/surrogate-site.js';
import { ratesOf } from '../surrogate/surrogate-work.js';
import type { MeasuredCases } from './measured-run.js';

export interface TrainedSurrogate {
  /** Dice after each round's worth of steps. */
  readonly curve: readonly number[];
  readonly best: {
    readonly path: string;
    readonly sha256: Sha256;
    readonly dice: number;
    readonly auc: number;
    readonly round: number;
  };
}

/** Trains on the cases of all these sites in one place, in each round as many steps as they take together. */
export async function trainSurrogate(
  surrogate: SeededSurrogate,
  job: Job,
  names: readonly string[],
  output: string,
): Promise<TrainedSurrogate> {
  const sites = names.map((name) => surrogateSite(surrogate, name, job));
  const bowl = pooledBowl(
    sites.map((site) => site.bowl),
    sites.map(({ trainCases }) => trainCases),
  );
  const random = seededRandom(`${job.seed}/surrogate/${names.join('+')}`);
  const { bestBy } = job.evaluation;
  let values: Float32Array = new Float32Array(surrogate.parameters);
  const curve: number[] = [];
  let best:
    | { readonly values: Float32Array; readonly round: number; readonly of: Told }
    | undefined;
  for (let round = 1; round <= job.federation.rounds; round++) {
    const rates = sites.flatMap(({ trainCases }) => ratesOf(job, round, undefined, trainCases));
    const descent = { rates, noise: surrogate.noise, mu: 0 };
    values = descend(bowl, values, descent, random.fork(`${round}`));
    const of = toldOf(sites, values);
    curve.push(of.dice);
    if (best === undefined || isBetter(bestBy, of[bestBy], best.of[bestBy])) {
      best = { values, round, of };
    }
  }
  const { values: chosen, round, of } = best as NonNullable<typeof best>;
  const bytes = encodeWeights(weightsOf(chosen));
  await writeFile(output, bytes);
  return { curve, best: { path: output, sha256: sha256(bytes), round, ...of } };
}

/** The model on the validation cases of each of these sites. */
export async function measureSurrogate(
  surrogate: SeededSurrogate,
  job: Job,
  path: string,
  names: readonly string[],
): Promise<MeasuredCases> {
  const values = valuesOf(decodeWeights(await readFile(path)));
  const sites = names.map((name) => surrogateSite(surrogate, name, job));
  return {
    cases: sites.flatMap((site) =>
      diceByCase(site, values).map((byClass, at) => ({
        ...{ site: site.name, caseId: `case-${at + 1}`, byClass },
      })),
    ),
    aucBySite: sites.map((site) => ({ site: site.name, auc: surrogateFigures(site, values).auc })),
  };
}

type Told = { readonly dice: number; readonly auc: number };

/** Of all sites, by how many validation cases each has. */
function toldOf(sites: readonly SurrogateSite[], values: Float32Array): Told {
  const told = sites.map((site) => surrogateFigures(site, values));
  const counts = sites.map(({ difficulties }) => difficulties.length);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return perMetric((metric) =>
    told.reduce((sum, figures, k) => sum + figures[metric] * ((counts[k] as number) / all), 0),
  );
}
