import { createHash } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, type Sha256 } from '@fedvox/base';
import { randomId, renameDurably } from '@fedvox/base/system';
import { fail } from '../errors.js';
import {
  checkWritten,
  decodeHeader,
  encodeHeader,
  headerByteLength,
  type Metadata,
  type TensorEntry,
  type TensorSpec,
} from '../layout.js';
import { slicesOf, type TensorSource } from '../tensor-source.js';
import { littleEndianBytes } from '../weights.js';

const FLOAT_BYTES = 4;

/** A safetensors file read slice by slice, so that memory holds what is worked on, not the model. */
export class WeightsFile {
  readonly #file: FileHandle;
  readonly #byName: ReadonlyMap<string, TensorEntry>;

  private constructor(
    file: FileHandle,
    /** In order of their bytes; sorted by name in files that Fedvox wrote. */
    readonly tensors: readonly TensorEntry[],
    readonly metadata: Metadata,
  ) {
    this.#file = file;
    this.#byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** @throws FedvoxError `weights/not-safetensors`, `weights/unsupported-dtype` */
  static async open(path: string): Promise<WeightsFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const prefix = await readExactly(file, 0, Math.min(8, size));
      const jsonLength = headerByteLength(prefix);
      if (8 + jsonLength > size) throw fail('not-safetensors', { reason: 'truncated header' });
      const json = await readExactly(file, 8, jsonLength);
      const { tensors, metadata } = decodeHeader(json, size);
      return new WeightsFile(file, tensors, metadata);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Opens a file that must be written as `writeWeightsFile` writes these tensors, to the byte.
   * @throws FedvoxError `weights/not-safetensors`, `weights/not-as-written`
   */
  static async openWritten(path: string, specs: readonly TensorSpec[]): Promise<WeightsFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const layout = await checkWritten(specs, size, (length) => readExactly(file, 0, length));
      return new WeightsFile(file, layout.tensors, layout.metadata);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Values [from, to) of one tensor, in row-major order; all of them where no bounds are given.
   * @throws FedvoxError `weights/no-such-tensor`
   */
  async read(name: string, from = 0, to?: number): Promise<Float32Array> {
    const { byteOffset, byteLength } = this.#entry(name);
    const end = to ?? byteLength / FLOAT_BYTES;
    const inside = 0 <= from && from <= end && end * FLOAT_BYTES <= byteLength;
    assert(inside, 'a slice lies within its tensor');
    const start = byteOffset + from * FLOAT_BYTES;
    const bytes = await readExactly(this.#file, start, (end - from) * FLOAT_BYTES);
    return new Float32Array(bytes.buffer);
  }

  #entry(name: string): TensorEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw fail('no-such-tensor', { tensor: name });
    return entry;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Writes weights slice by slice, durably: the file appears under `path` only when it is whole, and a
 * write that fails leaves nothing behind.
 * @param source read once per slice, in order of name and place
 */
export async function writeWeightsFile(
  path: string,
  source: TensorSource,
  metadata: Metadata = {},
): Promise<{ sha256: Sha256; byteLength: number }> {
  const { header, layout } = encodeHeader(source.tensors, metadata);
  const hash = createHash('sha256');
  const temporary = join(dirname(path), `.${randomId()}.tmp`);
  const file = await open(temporary, 'wx');
  const append = async (bytes: Uint8Array) => {
    hash.update(bytes);
    await file.writeFile(bytes);
  };
  try {
    await append(header);
    for (const tensor of layout.tensors) {
      for (const [from, to] of slicesOf(tensor)) {
        const data = await source.read(tensor.name, from, to);
        assert(data.length === to - from, 'a tensor has as many values as its shape says');
        await append(littleEndianBytes(data));
      }
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await unlink(temporary);
    throw error;
  }
  await file.close();
  await renameDurably(temporary, path);
  return { sha256: hash.digest('hex'), byteLength: layout.byteLength };
}

async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw fail('not-safetensors', { reason: 'the file ends too early' });
    done += bytesRead;
  }
  return bytes;
}
