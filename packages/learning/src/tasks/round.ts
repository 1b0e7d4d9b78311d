import type { VoxelEngine } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import { deltaOf, readModel, type WrittenWeights, writeModel } from '../bundle/model-file.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { caseEvaluationsOf } from '../evaluation/case-evaluation.js';
import {
  type EvaluateOptions,
  type Evaluation,
  evaluationOf,
  type Measured,
  measureCases,
} from '../evaluation/evaluate-cases.js';
import { Network } from '../networks/network.js';
import { siteRuleOf } from '../site-rules/index.js';
import type { KeptFolders, RoundAtSite, SiteRule } from '../site-rules/site-rule.js';
import { caseStoreOf } from '../training/case-store.js';
import type { Split } from '../training/split.js';
import type { TaskInput, TrainingInput } from './input.js';
import { type RoundTraining, trainWithinRound } from './round-training.js';
import { openSite, type SiteCase } from './site-data.js';
import { withPreparer } from './training-epochs.js';

/** One site's contribution to a round. */
export interface RoundUpdate extends RoundTraining {
  readonly trainCases: number;
  readonly delta: WrittenWeights;
}

/** What a site says of a model that it does not train. */
export interface RoundEvaluation {
  readonly evaluation: Evaluation;
  /** Cases that it would be trained on: the figures' weight. */
  readonly trainCases: number;
}

/** Measures a model on the site's validation cases. */
export function evaluateModel(
  input: TrainingInput,
  modelPath: string,
  kept?: KeptFolders,
): Promise<RoundEvaluation> {
  return withModel(input, modelPath, kept, async (opened) => {
    const { site, network, voxels, rule, round } = opened;
    const evaluation = await evaluateHere(input, site, network, voxels);
    await rule.keepMeasured(round, opened.model, evaluation);
    return { evaluation, trainCases: site.train.length };
  });
}

/** Trains from the base model on the site's training cases and writes what changed to `deltaPath`. */
export function trainRound(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
  kept?: KeptFolders,
): Promise<RoundUpdate> {
  return withPreparer(input, (prepared) =>
    withModel(prepared, basePath, kept, (opened) => trainOn(prepared, opened, deltaPath)),
  );
}

/** Both, over data and network opened once: the figures are those of the base model. */
export function evaluateAndTrain(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
  kept?: KeptFolders,
): Promise<{ readonly evaluation: Evaluation; readonly update: RoundUpdate }> {
  return withPreparer(input, (prepared) =>
    withModel(prepared, basePath, kept, async (opened) => {
      const evaluation = await evaluateHere(prepared, opened.site, opened.network, opened.voxels);
      return { evaluation, update: await trainOn(prepared, opened, deltaPath) };
    }),
  );
}

interface Opened {
  readonly site: Split<SiteCase>;
  readonly network: Network;
  readonly voxels: VoxelEngine;
  /** What the network holds. */
  readonly model: Weights;
  readonly rule: SiteRule;
  readonly round: RoundAtSite;
}

async function withModel<T>(
  input: TrainingInput,
  modelPath: string,
  kept: KeptFolders | undefined,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const base = await readModel(modelPath);
  const { job } = input;
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const site = await openSite(input, input.dataset, caseStoreOf(job), voxels);
  const rule = siteRuleOf(job);
  const round: RoundAtSite = {
    ...{ job, base, kept, number: numberOf(input) },
    train: (from, terms) =>
      withNetwork(job, from, async (network) => {
        const own = { ...input, seedLabel: `${input.seedLabel}/own` };
        await trainWithinRound('own', own, site.train, network, voxels, terms);
        return network.weights();
      }),
    evaluate: (weights) =>
      withNetwork(job, weights, (network) => evaluateOn(input, site, network, voxels)),
  };
  const model = await rule.model(round);
  return withNetwork(job, model, (network) => use({ site, network, voxels, model, rule, round }));
}

async function withNetwork<T>(
  job: Job,
  weights: Weights,
  use: (network: Network) => Promise<T>,
): Promise<T> {
  const network = Network.fromWeights(job, weights);
  try {
    return await use(network);
  } finally {
    network.dispose();
  }
}

/** As `evaluateOn`; the site's own people are told of each case. */
async function evaluateHere(
  input: TrainingInput,
  cases: Pick<Split<SiteCase>, 'validation'>,
  network: Network,
  voxels: VoxelEngine,
): Promise<Evaluation> {
  const { classes } = input.job;
  const measured = await measureOn(input, cases, network, voxels);
  input.onCases?.(caseEvaluationsOf(measured, classes));
  return evaluationOf(measured, classes.slice(1));
}

/** What the network does on validation cases, with nothing left that tells of a single one. */
export async function evaluateOn(
  input: TaskInput,
  cases: Pick<Split<SiteCase>, 'validation'>,
  network: Network,
  voxels: VoxelEngine,
): Promise<Evaluation> {
  const measured = await measureOn(input, cases, network, voxels);
  return evaluationOf(measured, input.job.classes.slice(1));
}

/** Measures the network on validation cases, with progress. */
export function measureOn(
  { job, surfaceToleranceMm, specificity, lesionRule, signal, onProgress }: TaskInput,
  { validation }: Pick<Split<SiteCase>, 'validation'>,
  network: Network,
  voxels: VoxelEngine,
  keeping: Pick<EvaluateOptions, 'onPrediction'> = {},
): Promise<Measured> {
  return measureCases(network, validation, job, {
    ...{ voxels, ...keeping },
    ...{ surfaceToleranceMm, specificity, lesionRule },
    ...(signal && { signal }),
    onCase: (done, total) => onProgress?.({ phase: 'evaluating', done, total }),
  });
}

async function trainOn(
  input: TrainingInput,
  { site, network, voxels, rule, round }: Opened,
  deltaPath: string,
): Promise<RoundUpdate> {
  const terms = await rule.terms(round);
  const training = await trainWithinRound('round', input, site.train, network, voxels, terms);
  const trained = await network.weights();
  await rule.keep(round, terms, trained);
  const delta = rule.shared(round, deltaOf(trained, round.base));
  return {
    ...{ trainCases: site.train.length, ...training },
    delta: await writeModel(deltaPath, delta),
  };
}

const numberOf = ({ round = 1 }: TrainingInput) => round;
