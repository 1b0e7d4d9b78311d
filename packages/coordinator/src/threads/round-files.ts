import { unlink } from 'node:fs/promises';
import type { EncodingSpec } from '@fedvox/job';
import type { TensorReader, TensorSource, TensorSpec } from '@fedvox/weights';
import {
  type EncodedFile,
  openEncoded,
  WeightsFile,
  writeWeightsFile,
} from '@fedvox/weights/files';

/** Open files of one round, far below what a process may have open. */
const MAX_OPEN_DELTAS = 128;

/** The weights that one round is aggregated from, and what is written down on the way. */
export class RoundFiles {
  readonly #open: (TensorSource & { close(): Promise<void> })[] = [];
  #deltas = 0;

  async open(path: string): Promise<WeightsFile> {
    const file = await WeightsFile.open(path);
    this.#open.push(file);
    return file;
  }

  /**
   * An accepted delta of these tensors. The first ones stay open; of a round with more sites the others are
   * opened for each read, so that neither memory nor open files grow with the sites.
   * @param path asked for each time: a copy of what lies elsewhere may have made room for others
   */
  async delta(
    path: () => Promise<string>,
    tensors: readonly TensorSpec[],
    encoding: EncodingSpec,
  ): Promise<TensorReader> {
    const open = async () => openEncoded(await path(), tensors, encoding);
    if (this.#deltas++ >= MAX_OPEN_DELTAS) return { read: (...slice) => readOnce(open, slice) };
    const file = await open();
    this.#open.push(file);
    return file;
  }

  /** Writes to a path of its own, which nobody can find any more once it is read from. */
  async spool(path: string, source: TensorSource): Promise<TensorSource> {
    await writeWeightsFile(path, source);
    const file = await this.open(path);
    await unlink(path);
    return file;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((file) => file.close()));
  }
}

async function readOnce(
  open: () => Promise<EncodedFile | WeightsFile>,
  slice: Parameters<TensorReader['read']>,
): Promise<Float32Array> {
  const file = await open();
  try {
    return await file.read(...slice);
  } finally {
    await file.close();
  }
}
