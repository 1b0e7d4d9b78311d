import { rm } from 'node:fs/promises';
import type { Logger } from '@fedvox/base/system';
import { PLAIN } from '@fedvox/job';
import type {
  ClosableTrainer,
  Trainer,
  WorkOrder,
  WorkProgress,
  WorkResult,
} from '../core/trainer.js';
import { encodeDelta } from './encode-delta.js';

/** A trainer whose deltas are written as their job has them on their way: what is signed is what is sent. */
export class EncodingTrainer implements Trainer {
  readonly #trainer: ClosableTrainer;
  readonly #log: Logger;

  constructor(trainer: ClosableTrainer, log: Logger) {
    this.#trainer = trainer;
    this.#log = log;
  }

  async run(
    order: WorkOrder,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult> {
    const { encoding = PLAIN } = order.job.federation;
    if (encoding.kind === 'float32') return this.#trainer.run(order, signal, onProgress);
    const trainedPath = `${order.deltaPath}.trained`;
    try {
      const trained = { ...order, deltaPath: trainedPath };
      const result = await this.#trainer.run(trained, signal, onProgress);
      if (result.kind === 'checked' || result.delta === null) return result;
      const delta = await encodeDelta(order, trainedPath, encoding, { signal, log: this.#log });
      return { ...result, delta: { ...delta, encoding: encoding.kind } };
    } finally {
      await rm(trainedPath, { force: true });
    }
  }

  close(): Promise<void> {
    return this.#trainer.close();
  }
}
