import { type Clock, nextTurn, type Random } from '@fedvox/base';
import { portableVoxels, type VoxelEngine } from '@fedvox/imaging';
import type { AugmentStep, LossSpec, TrainingSpec } from '@fedvox/job';
import * as tf from '@tensorflow/tfjs-core';
import { checkFinite } from '../finite.js';
import { lossOf } from '../losses/index.js';
import type { Network } from '../networks/network.js';
import { imageTensor, labelTensor } from '../tensors.js';
import { type Batch, epochBatches, type LoadCase } from './batches.js';
import { gradientTerms, type StepTerms } from './gradient-terms.js';
import { lossNotFinite } from './loss-not-finite.js';
import { type MicroBatch, OptimizerSteps } from './optimizer-steps.js';
import { optimizerOf } from './optimizers.js';

export interface TrainOptions extends StepTerms {
  readonly cases: readonly LoadCase[];
  readonly epochs: number;
  /** Ends after so many steps of the optimizer, be it in the middle of an epoch. */
  readonly steps?: number | undefined;
  readonly training: TrainingSpec;
  readonly augment: readonly AugmentStep[];
  /** Decides order and augmentation of every epoch: same seed, same engine, same weights. */
  readonly random: Random;
  /** What augments; the same bits come of any. */
  readonly voxels?: VoxelEngine;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  /** After every batch. */
  readonly onBatch?: (progress: BatchProgress) => void;
}

export interface BatchProgress {
  /** From 1. */
  readonly epoch: number;
  readonly batch: number;
  readonly batches: number;
  readonly loss: number;
}

export interface EpochSummary {
  /** From 1. */
  readonly epoch: number;
  /** Of the optimizer. */
  readonly steps: number;
  /** Over the cases of the epoch, as far as it came. */
  readonly meanLoss: number;
  /** Part of the epoch, 0 to 1, in which no step ran: cases were waited for, or prepared on this thread. */
  readonly dataWaitFraction: number;
}

/**
 * Trains the network in place, and yields after every epoch. The optimizer's memory is empty at every
 * call: sites of a federation share weights and nothing else, as FedAvg has it.
 * @throws FedvoxError `learning/loss-not-finite`, `learning/weights-not-finite`, and what
 *   `epochBatches` throws
 * @throws the signal's reason as soon as it aborts; the weights are then those of the last step
 */
export async function* trainEpochs(
  network: Network,
  options: TrainOptions,
): AsyncGenerator<EpochSummary> {
  const { variables } = network;
  const { optimizer: spec, clipNorm } = options.training;
  const optimizer = optimizerOf(spec);
  const terms = gradientTerms(network, options);
  const steps = new OptimizerSteps({ optimizer, variables, clipNorm, terms });
  let stepsLeft = options.steps ?? Number.POSITIVE_INFINITY;
  try {
    for (let epoch = 1; epoch <= options.epochs && stepsLeft > 0; epoch++) {
      const summary = await trainEpoch(network, steps, options, epoch, stepsLeft);
      stepsLeft -= summary.steps;
      // The loss is taken before its step: only the weights tell what the last one did.
      for (const [name, { data }] of await network.weights()) checkFinite(name, data);
      yield summary;
    }
  } finally {
    steps.dispose();
    optimizer.dispose();
  }
}

async function trainEpoch(
  network: Network,
  steps: OptimizerSteps,
  options: TrainOptions,
  epoch: number,
  mostSteps: number,
): Promise<EpochSummary> {
  const { cases, training, augment, signal, clock, onBatch } = options;
  const { voxels = portableVoxels } = options;
  const { batchSize, accumulate = 1, loss: lossSpec } = training;
  const random = options.random.fork(`epoch/${epoch}`);
  const { divisor } = network;
  const batches = Math.ceil(cases.length / batchSize);
  let batch = 0;
  let stepsTaken = 0;
  let casesSeen = 0;
  let lossSum = 0;
  let stepsMs = 0;
  const startedMs = clock.nowMs();
  const batchOptions = { cases, batchSize, augment, divisor, random, voxels };
  for await (const items of epochBatches(batchOptions)) {
    signal?.throwIfAborted();
    batch++;
    const place = placeOf(items.length, casesSeen, cases.length, batchSize * accumulate);
    casesSeen += items.length;
    const pass = { random: random.fork(`drop-out/${batch}`) };
    const logits = (images: tf.Tensor5D) => network.logits(images, pass);
    const { loss, stepMs } = await trainBatch(logits, steps, items, place, lossSpec, clock);
    stepsMs += stepMs;
    if (place.isLast) stepsTaken++;
    if (!Number.isFinite(loss)) throw lossNotFinite(loss, { epoch, batch }, items);
    lossSum += loss * items.length;
    onBatch?.({ epoch, batch, batches, loss });
    if (stepsTaken === mostSteps) break;
    // A step blocks the thread; messages, an abort among them, come in between two of them.
    await nextTurn();
  }
  const dataWaitFraction = 1 - stepsMs / (clock.nowMs() - startedMs);
  const meanLoss = lossSum / casesSeen;
  return { epoch, steps: stepsTaken, meanLoss, dataWaitFraction };
}

/** Where a batch stands in its step: the last step of an epoch may be of fewer cases. */
function placeOf(
  batchCases: number,
  casesBefore: number,
  epochCases: number,
  fullStep: number,
): MicroBatch {
  const inStep = casesBefore % fullStep;
  const stepCases = Math.min(fullStep, epochCases - (casesBefore - inStep));
  return { share: batchCases / stepCases, isLast: inStep + batchCases === stepCases };
}

/** One batch of a step. @returns its loss before the step, and how long it had the thread */
async function trainBatch(
  logits: (images: tf.Tensor5D) => tf.Tensor5D,
  steps: OptimizerSteps,
  batch: Batch,
  place: MicroBatch,
  lossSpec: LossSpec,
  clock: Clock,
): Promise<{ readonly loss: number; readonly stepMs: number }> {
  const startedMs = clock.nowMs();
  const loss = tf.tidy(() => {
    const images = imageTensor(batch.map(({ image }) => image));
    const labels = labelTensor(batch.map(({ label }) => label));
    const ofBatch = () => lossOf(logits(images), labels, lossSpec);
    return steps.add(ofBatch, place);
  });
  const reading = loss.data();
  // Taken before the wait, in which the next batch may be prepared: that is no part of the step.
  const stepMs = clock.nowMs() - startedMs;
  const [value] = await reading;
  loss.dispose();
  return { loss: value as number, stepMs };
}
