import type { TensorSource } from '@fedvox/aggregation';
import { WeightsFile } from '@fedvox/weights';

/** Open files of one round, far below what a process may have open. */
const MAX_OPEN_FILES = 128;

/**
 * The deltas of one round as tensor sources. The first ones stay open; of a round with more sites the
 * others are opened for each read, so that neither memory nor open files grow with the sites.
 */
export class DeltaFiles {
  readonly #open: WeightsFile[] = [];
  readonly #signal: AbortSignal;

  /** @param signal ends an averaging at its next read */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async source(path: string): Promise<TensorSource> {
    if (this.#open.length >= MAX_OPEN_FILES) return { tensors: [], read: this.#reader(path) };
    const file = await WeightsFile.open(path);
    this.#open.push(file);
    const read = (name: string) => {
      this.#signal.throwIfAborted();
      return file.read(name);
    };
    return { tensors: file.tensors, read };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((file) => file.close()));
  }

  #reader(path: string): TensorSource['read'] {
    return async (name) => {
      this.#signal.throwIfAborted();
      const file = await WeightsFile.open(path);
      try {
        return await file.read(name);
      } finally {
        await file.close();
      }
    };
  }
}
