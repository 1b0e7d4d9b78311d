import { type Clock, nextTurn, type Random } from '@fedvox/base';
import { portableVoxels, type VoxelEngine } from '@fedvox/imaging';
import type { AugmentStep, LossSpec, TrainingSpec } from '@fedvox/job';
import type { FusedOptimizer } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { checkFinite } from '../finite.js';
import { supervisedLoss } from '../losses/deep-supervision.js';
import { lossOf } from '../losses/index.js';
import type { Supervised } from '../networks/layer.js';
import type { Network } from '../networks/network.js';
import { imageTensor } from '../tensors.js';
import { type Batch, epochBatches, type LoadCase } from './batches.js';
import { gradientTerms, type StepTerms } from './gradient-terms.js';
import { lossNotFinite } from './loss-not-finite.js';
import { type MicroBatch, OptimizerSteps } from './optimizer-steps.js';
import { optimizerOf } from './optimizers.js';
import { directPreparer, type Preparer } from './preparer.js';
import { truthTensor } from './truth-tensor.js';

export interface TrainOptions extends StepTerms {
  readonly cases: readonly LoadCase[];
  readonly epochs: number;
  /** Ends after so many steps of the optimizer, be it in the middle of an epoch. */
  readonly steps?: number | undefined;
  readonly training: TrainingSpec;
  /** Which part of the learning rate a step has, by its number from 0; the whole where absent. */
  readonly ratePart?: ((step: number) => number) | undefined;
  readonly augment: readonly AugmentStep[];
  /** Decides order and augmentation of every epoch: same seed, same engine, same weights. */
  readonly random: Random;
  /** What augments, and with what; the same bits come of any. */
  readonly preparer?: Preparer;
  readonly voxels?: VoxelEngine;
  /** Whose memory it goes on with, its owner's to dispose of; one of its own, empty, where absent. */
  readonly optimizer?: FusedOptimizer;
  /** Where an earlier training with all the same stood; at its beginning where absent. */
  readonly from?: TrainingPlace | undefined;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  /** After every batch. */
  readonly onBatch?: (progress: BatchProgress) => void;
  /** After every step of the optimizer; the next one waits for it. */
  readonly onStep?: (place: TrainingPlace) => Promise<void>;
}

/** Between two steps of a training: with the weights and the optimizer's memory, all that it goes on from. */
export interface TrainingPlace {
  /** From 1: the one under way. */
  readonly epoch: number;
  /** Steps of the optimizer in the epochs before. */
  readonly stepsBefore: number;
  /** Of this epoch, done. */
  readonly batches: number;
  readonly steps: number;
  readonly cases: number;
  /** Over these cases. */
  readonly lossSum: number;
}

export const TRAINING_BEGINNING: TrainingPlace = beginningOf(1, 0);

function beginningOf(epoch: number, stepsBefore: number): TrainingPlace {
  return { epoch, stepsBefore, batches: 0, steps: 0, cases: 0, lossSum: 0 };
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
  /** Where the next one begins. */
  readonly next: TrainingPlace;
  /** Part of the epoch, 0 to 1, in which no step ran: its cases were waited for. */
  readonly dataWaitFraction: number;
}

/**
 * Trains the network in place, and yields after every epoch. The optimizer's memory is empty at every
 * call unless one is given: sites of a federation share weights and nothing else, as FedAvg has it. From a place
 * between two steps, with the network's and the optimizer's state of then, it goes on to the same bytes.
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
  const optimizer = options.optimizer ?? optimizerOf(spec);
  const terms = gradientTerms(network, options);
  const { ratePart } = options;
  const begun = options.from ?? TRAINING_BEGINNING;
  const beforeStep =
    ratePart &&
    ((step: number) => {
      const stepOfAll = begun.stepsBefore + begun.steps + step;
      optimizer.learningRate = spec.learningRate * ratePart(stepOfAll);
    });
  const steps = new OptimizerSteps({ optimizer, variables, clipNorm, beforeStep, terms });
  const mostSteps = options.steps ?? Number.POSITIVE_INFINITY;
  try {
    let place = begun;
    while (place.epoch <= options.epochs && place.stepsBefore < mostSteps) {
      const summary = await trainEpoch(network, steps, options, place);
      place = summary.next;
      // The loss is taken before its step: only the weights tell what the last one did.
      for (const [name, { data }] of await network.weights()) checkFinite(name, data);
      yield summary;
    }
  } finally {
    steps.dispose();
    if (options.optimizer === undefined) optimizer.dispose();
  }
}

async function trainEpoch(
  network: Network,
  optimizerSteps: OptimizerSteps,
  options: TrainOptions,
  from: TrainingPlace,
): Promise<EpochSummary> {
  const { cases, training, augment, signal, clock, onBatch, onStep } = options;
  const { preparer = directPreparer, voxels = portableVoxels } = options;
  const { batchSize, accumulate = 1, loss: lossSpec } = training;
  const { epoch, stepsBefore } = from;
  const random = options.random.fork(`epoch/${epoch}`);
  const { divisor } = network;
  const batches = Math.ceil(cases.length / batchSize);
  let { batches: batch, steps, cases: casesSeen, lossSum } = from;
  let stepsMs = 0;
  const startedMs = clock.nowMs();
  // A place may be the end of all steps, in the middle of its epoch.
  const isOver = () => stepsBefore + steps === options.steps;
  const order = { cases: isOver() ? [] : cases, batchSize, skip: batch, random };
  for await (const items of epochBatches({ ...order, augment, divisor, preparer, voxels })) {
    signal?.throwIfAborted();
    batch++;
    const place = placeOf(items.length, casesSeen, cases.length, batchSize * accumulate);
    casesSeen += items.length;
    const pass = { random: random.fork(`drop-out/${batch}`) };
    const outputs = (images: tf.Tensor5D) => network.supervised(images, pass);
    const { loss, stepMs } = await trainBatch(
      ...([outputs, optimizerSteps, items, place, lossSpec, clock] as const),
    );
    stepsMs += stepMs;
    if (!Number.isFinite(loss)) throw lossNotFinite(loss, { epoch, batch }, items);
    lossSum += loss * items.length;
    onBatch?.({ epoch, batch, batches, loss });
    if (place.isLast) {
      steps++;
      await onStep?.({ epoch, stepsBefore, batches: batch, steps, cases: casesSeen, lossSum });
      if (isOver()) break;
    }
    // A step blocks the thread; messages, an abort among them, come in between two of them.
    await nextTurn();
  }
  const dataWaitFraction = 1 - stepsMs / (clock.nowMs() - startedMs);
  const meanLoss = lossSum / casesSeen;
  const next = beginningOf(epoch + 1, stepsBefore + steps);
  return { epoch, steps, meanLoss, next, dataWaitFraction };
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
  outputs: (images: tf.Tensor5D) => readonly Supervised[],
  steps: OptimizerSteps,
  batch: Batch,
  place: MicroBatch,
  lossSpec: LossSpec,
  clock: Clock,
): Promise<{ readonly loss: number; readonly stepMs: number }> {
  const startedMs = clock.nowMs();
  const loss = tf.tidy(() => {
    const images = imageTensor(batch.map(({ image }) => image));
    const labels = truthTensor(batch);
    const ofBatch = () =>
      supervisedLoss(outputs(images), (logits) => lossOf(logits, labels, lossSpec));
    return steps.add(ofBatch, place);
  });
  const reading = loss.data();
  // Taken before the wait, in which the next batch may be prepared: that is no part of the step.
  const stepMs = clock.nowMs() - startedMs;
  const [value] = await reading;
  loss.dispose();
  return { loss: value as number, stepMs };
}
