import { seededRandom } from '@fedvox/base';
import type { VoxelEngine } from '@fedvox/imaging';
import {
  type Job,
  samplesOf,
  stepPartsOfRound,
  type TrainingSpec,
  trainingOfRound,
} from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import { deltaOf, readModel, type WrittenWeights, writeModel } from '../bundle/model-file.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import {
  type Evaluation,
  evaluationOf,
  type Measured,
  measureCases,
} from '../evaluation/evaluate-cases.js';
import { Network } from '../networks/network.js';
import { siteRuleOf } from '../site-rules/index.js';
import type { KeptFolders, RoundAtSite, SiteRule } from '../site-rules/site-rule.js';
import { caseStoreOf } from '../training/case-store.js';
import type { StepTerms } from '../training/gradient-terms.js';
import type { Split } from '../training/split.js';
import { type TrainOptions, trainEpochs } from '../training/train-epochs.js';
import type { TaskInput, TrainingInput } from './input.js';
import { openSite, type SiteCase } from './site-data.js';

/** One site's contribution to a round. */
export interface RoundUpdate {
  readonly trainCases: number;
  readonly epochs: number;
  /** Steps of the optimizer, over all epochs. */
  readonly localSteps: number;
  /** Of the last epoch. */
  readonly meanLoss: number;
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
    const evaluation = await evaluateOn(input, site, network, voxels);
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
  return withModel(input, basePath, kept, (opened) => trainOn(input, opened, deltaPath));
}

/** Both, over data and network opened once: the figures are those of the base model. */
export function evaluateAndTrain(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
  kept?: KeptFolders,
): Promise<{ readonly evaluation: Evaluation; readonly update: RoundUpdate }> {
  return withModel(input, basePath, kept, async (opened) => {
    const evaluation = await evaluateOn(input, opened.site, opened.network, opened.voxels);
    return { evaluation, update: await trainOn(input, opened, deltaPath) };
  });
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
        for await (const _ of roundEpochs(own, site, network, voxels, terms)) {
          // What there is to know of it, the network holds.
        }
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
  { job, surfaceToleranceMm, specificity, signal, onProgress }: TaskInput,
  { validation }: Pick<Split<SiteCase>, 'validation'>,
  network: Network,
  voxels: VoxelEngine,
): Promise<Measured> {
  return measureCases(network, validation, job, {
    voxels,
    ...{ surfaceToleranceMm, specificity },
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
  let epochs = 0;
  let localSteps = 0;
  let meanLoss = Number.NaN;
  for await (const epoch of roundEpochs(input, site, network, voxels, terms)) {
    epochs++;
    localSteps += epoch.steps;
    meanLoss = epoch.meanLoss;
  }
  const trained = await network.weights();
  await rule.keep(round, terms, trained);
  const delta = rule.shared(round, deltaOf(trained, round.base));
  return {
    ...{ trainCases: site.train.length, epochs, localSteps, meanLoss },
    delta: await writeModel(deltaPath, delta),
  };
}

/** A round's training of a network at a site. */
function roundEpochs(
  input: TrainingInput,
  { train }: Split<SiteCase>,
  network: Network,
  voxels: VoxelEngine,
  terms: StepTerms,
) {
  const training = trainingOfRound(input.job, numberOf(input), input.rateCuts);
  const epochs = epochsOf(training, train.length);
  const ratePart = stepPartsOfRound(input.job, numberOf(input));
  const ofRound = { ...terms, training, steps: training.localSteps, ratePart };
  return trainingEpochs(input, input.seedLabel, network, voxels, train, epochs, ofRound);
}

const numberOf = ({ round = 1 }: TrainingInput) => round;

/** Of a round: those that the job asks for, or as many as its steps take. */
function epochsOf(
  { localEpochs, localSteps, batchSize, accumulate = 1, patches }: TrainingSpec,
  cases: number,
): number {
  if (localSteps === undefined) return localEpochs;
  return Math.ceil(localSteps / Math.ceil(samplesOf(cases, patches) / (batchSize * accumulate)));
}

/** The training loop as a job declares it, with progress. */
export function trainingEpochs(
  { job, signal, clock, onProgress }: TaskInput,
  seedLabel: string,
  network: Network,
  voxels: VoxelEngine,
  cases: readonly SiteCase[],
  epochs: number,
  ofRound: StepTerms & Partial<TrainOptions> = {},
) {
  return trainEpochs(network, {
    training: job.training,
    ...ofRound,
    cases: cases.flatMap(({ prepared, patches }, index) => patches?.(`${index}`) ?? [prepared]),
    epochs,
    augment: job.augment,
    random: seededRandom(job.seed).fork(`training/${seedLabel}`),
    voxels,
    clock,
    ...(signal && { signal }),
    onBatch: ({ epoch, batch, batches, loss }) =>
      onProgress?.({ phase: 'training', done: batch, total: batches, epoch, epochs, loss }),
  });
}
