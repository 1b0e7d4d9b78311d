import { readFile, writeFile } from 'node:fs/promises';
import type { WorkOrder, WorkResult } from '@fedvox/agent';
import { assert, seededRandom, sha256 } from '@fedvox/base';
import { type Job, stepPartsOfRound, trainingOfRound } from '@fedvox/job';
import {
  deltaOf,
  NOTHING_MORE,
  type RoundAtSite,
  type SiteRule,
  type StepTerms,
  scaffold,
} from '@fedvox/learning/site-rules';
import { decodeWeights, encodeWeights, type Weights } from '@fedvox/weights';
import { fail } from '../errors.js';
import type { SeededSurrogate } from '../scenario/surrogate-schema.js';
import { descend } from './bowl.js';
import { valuesOf, weightsOf } from './surrogate-model.js';
import { type SurrogateSite, surrogateFigures, surrogateSite } from './surrogate-site.js';

export interface SurrogateRound {
  readonly job: Job;
  readonly round: number;
  readonly rateCuts?: number | undefined;
  readonly base: Weights;
  readonly terms: StepTerms;
}

/** What is asked of sites that have norms, or a model of their own. */
const BEYOND: readonly Job['federation']['strategy']['kind'][] = ['fedbn', 'ditto'];

/** @throws FedvoxError `simulator/surrogate-lacks` */
export function checkSurrogateJob({ federation: { strategy } }: Pick<Job, 'federation'>): void {
  if (BEYOND.includes(strategy.kind)) throw fail('surrogate-lacks', { strategy: strategy.kind });
}

/** Does the work of a site. */
export function surrogateTrainer(
  surrogate: SeededSurrogate,
  name: string,
  job: Job,
): (order: WorkOrder) => Promise<WorkResult> {
  const site = surrogateSite(surrogate, name, job);
  return (order) => surrogateWork(site, surrogate.noise, order);
}

/** Carries out an order as `runOrder` does, without scans and without an engine. */
export async function surrogateWork(
  site: SurrogateSite,
  noise: number,
  { job, work, baseModelPath, deltaPath, kept }: WorkOrder,
): Promise<WorkResult> {
  const validationCases = site.difficulties.length;
  if (work.kind === 'check-data') return { kind: 'checked', outcome: 'pass', validationCases };
  assert(baseModelPath !== undefined, 'work on a model comes with the model');
  const base = decodeWeights(await readFile(baseModelPath));
  const { trainCases } = site;
  const figures = surrogateFigures(site, valuesOf(base));
  const measured = { kind: 'measured', figures, trainCases, validationCases } as const;
  if (work.kind === 'evaluate') return { ...measured, delta: null };
  const { round, rateCuts } = work;
  const rule = ruleOf(job);
  const whole: RoundAtSite = { ...ALONE, job, number: round, base, kept };
  const terms = await rule.terms(whole);
  const { local, steps } = surrogateSteps(site, noise, { job, round, rateCuts, base, terms });
  await rule.keep(whole, terms, local);
  const bytes = encodeWeights(deltaOf(local, base));
  await writeFile(deltaPath, bytes);
  const delta = { sha256: sha256(bytes), byteLength: bytes.length };
  return { ...measured, delta, localSteps: steps };
}

/** The learning rate of each step of a round: of the job's optimizer nothing else counts. */
export function ratesOf(
  job: Job,
  round: number,
  rateCuts: number | undefined,
  trainCases: number,
): readonly number[] {
  const { localSteps, localEpochs, batchSize, optimizer } = trainingOfRound(job, round, rateCuts);
  const steps = localSteps ?? localEpochs * Math.ceil(trainCases / batchSize);
  const partOf = stepPartsOfRound(job, round) ?? (() => 1);
  return Array.from({ length: steps }, (_, step) => optimizer.learningRate * partOf(step));
}

const nothingElse = () => Promise.reject(new Error('a surrogate trains one model alone'));
const ALONE = { train: nothingElse, evaluate: nothingElse };

/** A round's steps at a site, whatever its strategy adds to them. */
export function surrogateSteps(
  site: SurrogateSite,
  noise: number,
  { job, round, rateCuts, base, terms }: SurrogateRound,
): { readonly local: Weights; readonly steps: number } {
  const rates = ratesOf(job, round, rateCuts, site.trainCases);
  const { proximal, correction } = terms;
  const values = descend(
    site.bowl,
    valuesOf(base),
    { rates, noise, mu: proximal?.mu ?? 0, correction: correction && valuesOf(correction) },
    seededRandom(`${job.seed}/surrogate/${site.name}/${round}`),
  );
  return { local: weightsOf(values), steps: rates.length };
}

function ruleOf({ federation: { strategy } }: Job): SiteRule {
  switch (strategy.kind) {
    case 'scaffold':
      return scaffold;
    case 'fedprox':
      return { ...NOTHING_MORE, terms: async () => ({ proximal: { mu: strategy.mu } }) };
    default:
      return NOTHING_MORE;
  }
}
