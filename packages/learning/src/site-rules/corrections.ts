import { join } from 'node:path';
import { assert } from '@fedvox/base';
import { type Job, stepPartsOfRound, trainingOfRound } from '@fedvox/job';
import { tensorOf, type Weights } from '@fedvox/weights';
import { readModel, writeModel } from '../bundle/model-file.js';
import { keptOf, NOTHING_MORE, type SiteRule } from './site-rule.js';

/** What a site knows of a round that is over: how it was corrected, and the model that it came to. */
export interface CorrectedRound {
  readonly correction: Weights;
  readonly local: Weights;
}

const CORRECTION = 'correction.safetensors';
const LOCAL = 'local.safetensors';

/**
 * SCAFFOLD's part at the site (Karimireddy et al., ICML 2020, algorithm 1, option II) without a control variate
 * on the wire. Of a site i the paper's steps are `y ← y − η(gᵢ(y) + dᵢ)` with `dᵢ = c − cᵢ`. After K of them
 * from the global model x to yᵢ, with Dᵢ = (yᵢ − x) / (Kη),
 *
 *     cᵢ⁺ = cᵢ − c − Dᵢ          option II
 *     c⁺  = c + mean(cᵢ⁺ − cᵢ)   every site takes part
 *         = −mean(Dᵢ)
 *         = −(x⁺ − x) / (Kη)     for x⁺ = x + mean(yᵢ − x)
 *     dᵢ⁺ = c⁺ − cᵢ⁺ = dᵢ + (yᵢ − x⁺) / (Kη)
 *
 * so that what a site has to know is its own, and the next global model. In the first round, and for a site
 * that joins later, d is 0: its control variate begins as the common one.
 */
export const scaffold: SiteRule = {
  ...NOTHING_MORE,

  async terms(round) {
    const { before } = keptOf(round);
    if (before === null) return {};
    const [correction, local] = await Promise.all(
      [CORRECTION, LOCAL].map((name) => readModel(join(before, name))),
    );
    assert(correction !== undefined && local !== undefined, 'both were kept');
    const reach = reachOf(round.job, round.number - 1);
    return { correction: nextCorrection({ correction, local }, round.base, reach) };
  },

  async keep(round, { correction }, trained) {
    const { after } = keptOf(round);
    await writeModel(join(after, CORRECTION), correction ?? zerosLike(trained));
    await writeModel(join(after, LOCAL), trained);
  },
};

/**
 * @param next the global model that the round led to
 * @param reach Kη: the sum of the local steps' learning rates
 */
export function nextCorrection(
  { correction, local }: CorrectedRound,
  next: Weights,
  reach: number,
): Weights {
  return new Map(
    [...correction].map(([name, { shape, data }]) => {
      const [came, went] = [tensorOf(local, name).data, tensorOf(next, name).data];
      const moved = data.map((d, i) => d + ((came[i] as number) - (went[i] as number)) / reach);
      return [name, { shape, data: moved }];
    }),
  );
}

/** The sum of a round's rates, which is Kη where they are one. */
export function reachOf(job: Job, round: number): number {
  const { localSteps, optimizer } = trainingOfRound(job, round);
  assert(localSteps !== undefined, 'a job of SCAFFOLD fixes the steps');
  const partOf = stepPartsOfRound(job, round);
  if (partOf === undefined) return localSteps * optimizer.learningRate;
  let parts = 0;
  for (let step = 0; step < localSteps; step++) parts += partOf(step);
  return parts * optimizer.learningRate;
}

function zerosLike(weights: Weights): Weights {
  return new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      { shape, data: new Float32Array(data.length) },
    ]),
  );
}
