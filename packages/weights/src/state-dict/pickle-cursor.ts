import { fail } from '../errors.js';

const LINE_END = 0x0a;
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A place in a pickle's bytes. What reaches behind their end is refused before any memory is taken. */
export class PickleCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  /** As a number: nothing that long is taken anyway. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  /** Pickles have these the other way round. */
  float64(): number {
    return this.#view.getFloat64(this.#skip(8), false);
  }

  /** Two's complement, its least significant byte first. */
  integer(length: number): bigint {
    const start = this.#skip(length);
    const digits = this.#bytes.subarray(start, start + length).toReversed();
    const hex = Array.from(digits, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return BigInt.asIntN(8 * length, BigInt(`0x0${hex}`));
  }

  string(length: number): string {
    const start = this.#skip(length);
    return decoded(this.#bytes.subarray(start, start + length));
  }

  /** Up to the end of the line, which is passed over. */
  line(): string {
    const end = this.#bytes.indexOf(LINE_END, this.#position);
    if (end === -1) throw endsEarly();
    const line = this.string(end - this.#position);
    this.#position += 1;
    return line;
  }

  #skip(length: number): number {
    if (length > this.left) throw endsEarly();
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

function endsEarly() {
  return fail('pickle-damaged', { reason: 'it ends within an operation' });
}

function decoded(bytes: Uint8Array): string {
  try {
    return text.decode(bytes);
  } catch (cause) {
    throw fail('pickle-damaged', { reason: 'a text in it is not UTF-8' }, { cause });
  }
}
