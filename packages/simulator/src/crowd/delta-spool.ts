import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { decodeHeader, headerByteLength, type TensorSource } from '@fedvox/weights';

const HEADER_LENGTH_BYTES = 8;
const FLOAT_BYTES = 4;

/** Where the bytes of an update lie. */
export interface Spooled {
  readonly at: number;
  readonly byteLength: number;
}

/** The deltas of the round under way in one file, so that memory holds a slice of them, however many sites there are. */
export class DeltaSpool {
  readonly #path: string;
  readonly #file: number;
  #end = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'w+');
  }

  add(bytes: Uint8Array): Spooled {
    const at = this.#end;
    writeSync(this.#file, bytes, 0, bytes.byteLength, at);
    this.#end += bytes.byteLength;
    return { at, byteLength: bytes.byteLength };
  }

  /** Safetensors bytes of float32, read slice by slice. @throws FedvoxError `weights/not-safetensors` */
  open({ at, byteLength }: Spooled): TensorSource {
    const start = this.#bytes(at, HEADER_LENGTH_BYTES);
    const header = this.#bytes(at + HEADER_LENGTH_BYTES, headerByteLength(start));
    const { tensors } = decodeHeader(header, byteLength);
    const offsets = new Map(tensors.map(({ name, byteOffset }) => [name, byteOffset]));
    return {
      tensors,
      read: async (name, from, to) => {
        const place = at + (offsets.get(name) as number) + from * FLOAT_BYTES;
        return new Float32Array(this.#bytes(place, (to - from) * FLOAT_BYTES).buffer);
      },
    };
  }

  /** Forgets the round's. */
  clear(): void {
    ftruncateSync(this.#file, 0);
    this.#end = 0;
  }

  close(): void {
    closeSync(this.#file);
    unlinkSync(this.#path);
  }

  #bytes(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    readSync(this.#file, bytes, 0, length, at);
    return bytes;
  }
}
