import type { TensorReader } from '@fedvox/aggregation';
import { WeightsFile } from '@fedvox/weights';

/** Open files of one round, far below what a process may have open. */
const MAX_OPEN_FILES = 128;

/**
 * The deltas of one round. The first ones stay open; of a round with more sites the others are opened
 * for each read, so that neither memory nor open files grow with the sites.
 */
export class DeltaFiles {
  readonly #open: WeightsFile[] = [];

  async reader(path: string): Promise<TensorReader> {
    if (this.#open.length >= MAX_OPEN_FILES) return { read: (name) => readOnce(path, name) };
    const file = await WeightsFile.open(path);
    this.#open.push(file);
    return file;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((file) => file.close()));
  }
}

async function readOnce(path: string, name: string): Promise<Float32Array> {
  const file = await WeightsFile.open(path);
  try {
    return await file.read(name);
  } finally {
    await file.close();
  }
}
