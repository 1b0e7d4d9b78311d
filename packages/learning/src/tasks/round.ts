import { seededRandom } from '@fedvox/base';
import type { VoxelEngine } from '@fedvox/imaging';
import { trainingOfRound } from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import { deltaOf, readModel, type WrittenWeights, writeModel } from '../bundle/model-file.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { type Evaluation, evaluateCases } from '../evaluation/evaluate-cases.js';
import { Network } from '../networks/network.js';
import { CaseStore } from '../training/case-store.js';
import type { Split } from '../training/split.js';
import { type TrainOptions, trainEpochs } from '../training/train-epochs.js';
import type { TaskInput, TrainingInput } from './input.js';
import { openSite, type SiteCase } from './site-data.js';

/** One site's contribution to a round. */
export interface RoundUpdate {
  readonly trainCases: number;
  readonly epochs: number;
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
export function evaluateModel(input: TrainingInput, modelPath: string): Promise<RoundEvaluation> {
  return withModel(input, readModel(modelPath), async ({ site, network, voxels }) => {
    const evaluation = await evaluateOn(input, site, network, voxels);
    return { evaluation, trainCases: site.train.length };
  });
}

/** Trains from the base model on the site's training cases and writes what changed to `deltaPath`. */
export function trainRound(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
): Promise<RoundUpdate> {
  return withModel(input, readModel(basePath), (opened) => trainOn(input, opened, deltaPath));
}

/** Both, over data and network opened once: the figures are those of the base model. */
export function evaluateAndTrain(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
): Promise<{ readonly evaluation: Evaluation; readonly update: RoundUpdate }> {
  return withModel(input, readModel(basePath), async (opened) => {
    const evaluation = await evaluateOn(input, opened.site, opened.network, opened.voxels);
    return { evaluation, update: await trainOn(input, opened, deltaPath) };
  });
}

interface Opened {
  readonly site: Split<SiteCase>;
  readonly base: Weights;
  readonly network: Network;
  readonly voxels: VoxelEngine;
}

async function withModel<T>(
  input: TrainingInput,
  model: Promise<Weights>,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const base = await model;
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const network = Network.fromWeights(input.job, base);
  try {
    const site = await openSite(input, input.dataset, new CaseStore(), voxels);
    return await use({ site, base, network, voxels });
  } finally {
    network.dispose();
  }
}

/** Measures the network on validation cases, with progress. */
export function evaluateOn(
  { job, signal, onProgress }: TaskInput,
  { validation }: Pick<Split<SiteCase>, 'validation'>,
  network: Network,
  voxels: VoxelEngine,
): Promise<Evaluation> {
  return evaluateCases(network, validation, job, {
    voxels,
    ...(signal && { signal }),
    onCase: (done, total) => onProgress?.({ phase: 'evaluating', done, total }),
  });
}

async function trainOn(
  input: TrainingInput,
  { site, base, network, voxels }: Opened,
  deltaPath: string,
): Promise<RoundUpdate> {
  const training = trainingOfRound(input.job, input.round ?? 1);
  const epochs = training.localEpochs;
  let meanLoss = Number.NaN;
  const { seedLabel } = input;
  const { strategy } = input.job.federation;
  const passes = trainingEpochs(input, seedLabel, network, voxels, site.train, epochs, {
    training,
    ...(strategy.kind === 'fedprox' && { proximal: strategy.mu }),
  });
  for await (const epoch of passes) {
    meanLoss = epoch.meanLoss;
  }
  const delta = await writeModel(deltaPath, deltaOf(await network.weights(), base));
  return { trainCases: site.train.length, epochs, meanLoss, delta };
}

/** The training loop as a job declares it, with progress. */
export function trainingEpochs(
  { job, signal, clock, onProgress }: TaskInput,
  seedLabel: string,
  network: Network,
  voxels: VoxelEngine,
  cases: readonly SiteCase[],
  epochs: number,
  ofRound: Partial<Pick<TrainOptions, 'training' | 'proximal'>> = {},
) {
  return trainEpochs(network, {
    training: job.training,
    ...ofRound,
    cases: cases.map(({ prepared }) => prepared),
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
