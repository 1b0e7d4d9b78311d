import type { Sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { decoded, encodeInto } from '../encodings/encoded.js';
import type { Encoding } from '../encodings/encoding.js';
import type { TensorSpec } from '../layout.js';
import type { TensorSource } from '../tensor-source.js';
import { type FileBytes, openBytes, type ReadingMode, readExactly } from './file-bytes.js';
import { WeightsFile } from './weights-file.js';
import { writeWhole } from './whole-file.js';

/** Tensors of a file in an encoding, read slice by slice. */
export class EncodedFile implements TensorSource {
  readonly #bytes: FileBytes;
  readonly #source: TensorSource;

  private constructor(bytes: FileBytes, source: TensorSource) {
    this.#bytes = bytes;
    this.#source = source;
  }

  /**
   * Opens a file that must be written as `writeEncodedFile` writes these tensors, to the byte.
   * @param file as `openBytes`
   * @throws FedvoxError `weights/not-safetensors`, `weights/not-as-written`; the latter from `read` too
   */
  static async open(
    file: string | number,
    tensors: readonly TensorSpec[],
    encoding: Encoding,
    mode: ReadingMode = 'beside',
  ): Promise<EncodedFile> {
    const bytes = await openBytes(file, mode);
    try {
      const read = (position: number, length: number) => readExactly(bytes, position, length);
      const source = await decoded(tensors, encoding, await bytes.size(), read);
      return new EncodedFile(bytes, source);
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  get tensors(): readonly TensorSpec[] {
    return this.#source.tensors;
  }

  read(name: string, from: number, to: number): Promise<Float32Array> {
    return this.#source.read(name, from, to);
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }
}

/** The same by whatever reads an encoding fastest. */
export function openEncoded(
  ...[file, tensors, encoding, mode]: Parameters<typeof EncodedFile.open>
): Promise<EncodedFile | WeightsFile> {
  return encoding.kind === 'float32'
    ? WeightsFile.openWritten(file, tensors, mode)
    : EncodedFile.open(file, tensors, encoding, mode);
}

/**
 * Writes tensors in an encoding, slice by slice and durably: the file appears under `path` only when it is
 * whole, and a write that fails leaves nothing behind.
 * @throws FedvoxError `weights/not-encodable`
 */
export async function writeEncodedFile(
  path: string,
  source: TensorSource,
  encoding: Encoding,
): Promise<{ sha256: Sha256; byteLength: number }> {
  const { byteLength } = await writeWhole(path, (file) =>
    encodeInto(source, encoding, async (bytes, position) => {
      await file.write(bytes, 0, bytes.length, position);
    }),
  );
  return { sha256: await sha256File(path), byteLength };
}
