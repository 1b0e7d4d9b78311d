import { seededRandom } from '@fedvox/base';
import type { Weights } from '@fedvox/weights';
import { selectEngine } from '../engine/engine.js';
import { type Evaluation, evaluateCases } from '../evaluation/evaluate-cases.js';
import { Network } from '../networks/network.js';
import { CaseStore } from '../training/case-store.js';
import type { Split } from '../training/split.js';
import { trainEpochs } from '../training/train-epochs.js';
import type { TaskInput, TrainingInput } from './input.js';
import { deltaOf, readModel, type WrittenWeights, writeModel } from './model-file.js';
import { openSite, type SiteCase } from './site-data.js';

/** One site's contribution to a round. */
export interface RoundUpdate {
  readonly trainCases: number;
  readonly epochs: number;
  /** Of the last epoch. */
  readonly meanLoss: number;
  readonly delta: WrittenWeights;
}

/** Measures a model on the site's validation cases. */
export function evaluateModel(input: TrainingInput, modelPath: string): Promise<Evaluation> {
  return withModel(input, modelPath, ({ site, network }) => evaluateOn(input, site, network));
}

/** Trains from the base model on the site's training cases and writes what changed to `deltaPath`. */
export function trainRound(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
): Promise<RoundUpdate> {
  return withModel(input, basePath, (opened) => trainOn(input, opened, deltaPath));
}

/** Both, over data and network opened once: the figures are those of the base model. */
export function evaluateAndTrain(
  input: TrainingInput,
  basePath: string,
  deltaPath: string,
): Promise<{ readonly evaluation: Evaluation; readonly update: RoundUpdate }> {
  return withModel(input, basePath, async (opened) => {
    const evaluation = await evaluateOn(input, opened.site, opened.network);
    return { evaluation, update: await trainOn(input, opened, deltaPath) };
  });
}

interface Opened {
  readonly site: Split<SiteCase>;
  readonly base: Weights;
  readonly network: Network;
}

async function withModel<T>(
  input: TrainingInput,
  modelPath: string,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const base = await readModel(modelPath);
  await selectEngine(input.engine, input);
  const network = Network.fromWeights(input.job, base);
  try {
    const site = await openSite(input, input.dataset, new CaseStore());
    return await use({ site, base, network });
  } finally {
    network.dispose();
  }
}

/** Measures the network on validation cases, with progress. */
export function evaluateOn(
  { job, signal, onProgress }: TaskInput,
  { validation }: Pick<Split<SiteCase>, 'validation'>,
  network: Network,
): Promise<Evaluation> {
  return evaluateCases(network, validation, job, {
    ...(signal && { signal }),
    onCase: (done, total) => onProgress?.({ phase: 'evaluating', done, total }),
  });
}

async function trainOn(
  input: TrainingInput,
  { site, base, network }: Opened,
  deltaPath: string,
): Promise<RoundUpdate> {
  const epochs = input.job.training.localEpochs;
  let meanLoss = Number.NaN;
  for await (const epoch of trainingEpochs(input, input.seedLabel, network, site.train, epochs)) {
    meanLoss = epoch.meanLoss;
  }
  const delta = await writeModel(deltaPath, deltaOf(await network.weights(), base));
  return { trainCases: site.train.length, epochs, meanLoss, delta };
}

/** The training loop as a job declares it, with progress. */
export function trainingEpochs(
  { job, signal, onProgress }: TaskInput,
  seedLabel: string,
  network: Network,
  cases: readonly SiteCase[],
  epochs: number,
) {
  return trainEpochs(network, {
    cases: cases.map(({ prepared }) => prepared),
    epochs,
    training: job.training,
    augment: job.augment,
    random: seededRandom(job.seed).fork(`training/${seedLabel}`),
    ...(signal && { signal }),
    onBatch: ({ epoch, batch, batches, loss }) =>
      onProgress?.({ phase: 'training', done: batch, total: batches, epoch, epochs, loss }),
  });
}
