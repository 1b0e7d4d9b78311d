import { createHash } from 'node:crypto';
import { assert, type Sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import {
  checkWritten,
  decodeHeader,
  encodeHeader,
  headerByteLength,
  type Layout,
  type Metadata,
  type TensorEntry,
  type TensorSpec,
} from '../layout.js';
import { slicesOf, type TensorSource } from '../tensor-source.js';
import { littleEndianBytes } from '../weights.js';
import { type FileBytes, openBytes, type ReadingMode, readExactly } from './file-bytes.js';
import { writeWhole } from './whole-file.js';

const FLOAT_BYTES = 4;

/** A safetensors file read slice by slice, so that memory holds what is worked on, not the model. */
export class WeightsFile implements TensorSource {
  readonly #bytes: FileBytes;
  readonly #byName: ReadonlyMap<string, TensorEntry>;

  private constructor(
    bytes: FileBytes,
    /** In order of their bytes; sorted by name in files that Fedvox wrote. */
    readonly tensors: readonly TensorEntry[],
    readonly metadata: Metadata,
  ) {
    this.#bytes = bytes;
    this.#byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** @param file as `openBytes`. @throws FedvoxError `weights/not-safetensors`, `weights/unsupported-dtype` */
  static open(file: string | number, mode: ReadingMode = 'beside'): Promise<WeightsFile> {
    return WeightsFile.#opened(file, mode, async (bytes) => {
      const size = await bytes.size();
      const prefix = await readExactly(bytes, 0, Math.min(8, size));
      const jsonLength = headerByteLength(prefix);
      if (8 + jsonLength > size) throw fail('not-safetensors', { reason: 'truncated header' });
      return decodeHeader(await readExactly(bytes, 8, jsonLength), size);
    });
  }

  /**
   * Opens a file that must be written as `writeWeightsFile` writes these tensors, to the byte.
   * @throws FedvoxError `weights/not-safetensors`, `weights/not-as-written`
   */
  static openWritten(
    file: string | number,
    specs: readonly TensorSpec[],
    mode: ReadingMode = 'beside',
  ): Promise<WeightsFile> {
    return WeightsFile.#opened(file, mode, async (bytes) =>
      checkWritten(specs, await bytes.size(), (length) => readExactly(bytes, 0, length)),
    );
  }

  static async #opened(
    file: string | number,
    mode: ReadingMode,
    layoutOf: (bytes: FileBytes) => Promise<Layout>,
  ): Promise<WeightsFile> {
    const bytes = await openBytes(file, mode);
    try {
      const { tensors, metadata } = await layoutOf(bytes);
      return new WeightsFile(bytes, tensors, metadata);
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  /**
   * Values [from, to) of one tensor, in row-major order; all of them where no bounds are given.
   * @throws FedvoxError `weights/no-such-tensor`
   */
  async read(name: string, from = 0, to?: number): Promise<Float32Array> {
    const end = to ?? this.#entry(name).byteLength / FLOAT_BYTES;
    assert(from <= end, 'a slice ends behind its beginning');
    const values = new Float32Array(end - from);
    await this.readInto(values, name, from);
    return values;
  }

  /** @throws FedvoxError `weights/no-such-tensor` */
  readInto(target: Float32Array, name: string, from: number): Promise<void> {
    const { byteOffset, byteLength } = this.#entry(name);
    const start = from * FLOAT_BYTES;
    const inside = 0 <= from && start + target.byteLength <= byteLength;
    assert(inside, 'a slice lies within its tensor');
    return this.#bytes.fill(littleEndianBytes(target), byteOffset + start);
  }

  #entry(name: string): TensorEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw fail('no-such-tensor', { tensor: name });
    return entry;
  }

  async close(): Promise<void> {
    await this.#bytes.close();
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
  await writeWhole(path, async (file) => {
    const append = async (bytes: Uint8Array) => {
      hash.update(bytes);
      await file.writeFile(bytes);
    };
    await append(header);
    for (const tensor of layout.tensors) {
      for (const [from, to] of slicesOf(tensor)) {
        const data = await source.read(tensor.name, from, to);
        assert(data.length === to - from, 'a tensor has as many values as its shape says');
        await append(littleEndianBytes(data));
      }
    }
  });
  return { sha256: hash.digest('hex'), byteLength: layout.byteLength };
}
