import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from '@fedvox/base';
import type { AugmentStep, LossSpec, TrainingSpec } from '@fedvox/job';
import { FusedAdam } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import { diceCrossEntropy } from '../losses/dice-ce.js';
import type { Network } from '../networks/network.js';
import { imageTensor, labelTensor } from '../tensors.js';
import { type Batch, epochBatches, type LoadCase } from './batches.js';

export interface TrainOptions {
  readonly cases: readonly LoadCase[];
  readonly epochs: number;
  readonly training: TrainingSpec;
  readonly augment: readonly AugmentStep[];
  /** Decides order and augmentation of every epoch: same seed, same engine, same weights. */
  readonly random: Random;
  readonly signal?: AbortSignal;
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
  /** Over the cases of the epoch. */
  readonly meanLoss: number;
}

/**
 * Trains the network in place, and yields after every epoch. Adam's moments start at zero with every
 * call: sites of a federation share weights and nothing else, as FedAvg has it.
 * @throws FedvoxError `learning/loss-not-finite`, and what `epochBatches` throws
 * @throws the signal's reason as soon as it aborts; the weights are then those of the last step
 */
export async function* trainEpochs(
  network: Network,
  options: TrainOptions,
): AsyncGenerator<EpochSummary> {
  const { learningRate, beta1, beta2, epsilon } = options.training.optimizer;
  const optimizer = new FusedAdam({ learningRate, beta1, beta2, epsilon });
  try {
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      yield await trainEpoch(network, optimizer, options, epoch);
    }
  } finally {
    optimizer.dispose();
  }
}

async function trainEpoch(
  network: Network,
  optimizer: tf.Optimizer,
  options: TrainOptions,
  epoch: number,
): Promise<EpochSummary> {
  const { cases, training, augment, signal, onBatch } = options;
  const { batchSize, loss: lossSpec } = training;
  const random = options.random.fork(`epoch/${epoch}`);
  const { divisor } = network;
  const batches = Math.ceil(cases.length / batchSize);
  let batch = 0;
  let lossSum = 0;
  for await (const items of epochBatches({ cases, batchSize, augment, divisor, random })) {
    signal?.throwIfAborted();
    batch++;
    const loss = await trainBatch(network, optimizer, items, lossSpec);
    if (!Number.isFinite(loss)) throw fail('loss-not-finite', { loss, epoch, batch });
    lossSum += loss * items.length;
    onBatch?.({ epoch, batch, batches, loss });
    // A step blocks the thread; messages, an abort among them, come in between two of them.
    await nextTurn();
  }
  return { epoch, meanLoss: lossSum / cases.length };
}

/** One step of the optimizer. @returns the loss before it */
async function trainBatch(
  network: Network,
  optimizer: tf.Optimizer,
  batch: Batch,
  lossSpec: LossSpec,
): Promise<number> {
  const loss = tf.tidy(() => {
    const images = imageTensor(batch.map(({ image }) => image));
    const labels = labelTensor(batch.map(({ label }) => label));
    const lossOf = () => diceCrossEntropy(network.logits(images), labels, lossSpec);
    return optimizer.minimize(lossOf, true, network.variables) as tf.Scalar;
  });
  const [value] = await loss.data();
  loss.dispose();
  return value as number;
}
