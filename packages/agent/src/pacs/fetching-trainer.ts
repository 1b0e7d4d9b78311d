import type {
  ClosableTrainer,
  Trainer,
  WorkOrder,
  WorkProgress,
  WorkResult,
} from '../core/trainer.js';

export interface ArchiveAccess {
  /** Whether there is a folder of fetched series at all. */
  isFilled(): boolean;
  fill(signal: AbortSignal): Promise<unknown>;
}

/**
 * A trainer whose folder is filled from the hospital's archive first. Every job begins with the data
 * gate, and only then is it filled: a site trains a whole job on the same cases. A folder that is gone
 * since then is filled again.
 */
export class FetchingTrainer implements Trainer {
  readonly #trainer: ClosableTrainer;
  readonly #archive: ArchiveAccess;

  constructor(trainer: ClosableTrainer, archive: ArchiveAccess) {
    this.#trainer = trainer;
    this.#archive = archive;
  }

  async run(
    order: WorkOrder,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult> {
    const mustFill = order.work.kind === 'check-data' || !this.#archive.isFilled();
    if (mustFill) await this.#archive.fill(signal);
    return this.#trainer.run(order, signal, onProgress);
  }

  close(): Promise<void> {
    return this.#trainer.close();
  }
}
