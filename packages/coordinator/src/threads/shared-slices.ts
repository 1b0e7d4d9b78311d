import { createHash, type Hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { readInto } from '@fedvox/aggregation';
import { assert, type Sha256 } from '@fedvox/base';
import {
  encodeHeader,
  type Layout,
  littleEndianBytes,
  slicesOf,
  type TensorSource,
  VALUES_PER_SLICE,
} from '@fedvox/weights';

/** Threads that one round is aggregated on: beyond, memory is no faster. */
export const MAX_THREADS = 8;
/** What a strategy may have written: spooled sources, the model, its state. */
const MAX_FILES = 8;
/** How long a thread waits before it looks whether the round is still wanted. */
const LOOK_AGAIN_MS = 50;
const NO_SLICE = 2 ** 31 - 1;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
const PIECE_BYTES = 256 * 1024;

/** Words of the shared memory: how it goes with the whole, and then with each file. */
const STANDING = 0;
const GOING_ON = 0;
const ENDED = 1;
const GIVEN_UP = 2;
const WORDS_PER_FILE = 3 + MAX_THREADS;
/** Of a file: slices that were taken, slices that were written, whether it is there and whether it is whole. */
const TAKEN = 1;
const WRITTEN = 2;
const STATE = 3;
const THERE = 1;
const WHOLE = 2;
/** Of a file, from here on: the slice that each thread took last. */
const LAST_TAKEN = 4;

/** The round was given up, or has ended without this thread. */
export class NotWanted extends Error {
  override readonly name = 'NotWanted';
}

/** Memory for the threads of one round. */
export const sharedWords = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * (1 + MAX_FILES * WORDS_PER_FILE)));

/** Ends the round for all of its threads at their next slice, unless it has ended. */
export function giveUp(words: Int32Array): void {
  Atomics.compareExchange(words, STANDING, GOING_ON, GIVEN_UP);
}

/**
 * One thread's part in the files of a round. Every thread carries out the same program, which writes the same
 * files in the same order; of each file every thread computes the slices that it takes, in turn, and no two the
 * same. So values are shared out and never sites, each value is computed as by one thread alone, and the bytes
 * do not depend on how many there are.
 *
 * The first thread makes the files, and hashes them in their order while they are written.
 */
export class SharedSlices {
  readonly #words: Int32Array;
  readonly #thread: number;
  readonly #threads: number;
  #files = 0;
  #isInSlice = false;

  constructor(words: Int32Array, thread: number, threads: number) {
    this.#words = words;
    this.#thread = thread;
    this.#threads = threads;
  }

  /** Before each read of a delta. @throws NotWanted */
  readonly beforeRead = (): void => {
    // A strategy that reads before it answers would do so on each thread: the first goes on by itself.
    if (this.#thread > 0 && !this.#isInSlice) throw new NotWanted();
    this.goOn();
  };

  /** Takes part in a file; once this resolves it is whole. The first thread learns its digest. */
  async write(path: string, source: TensorSource): Promise<Sha256 | null> {
    assert(this.#files < MAX_FILES, 'a strategy has few files written');
    const words = this.#wordsOf(this.#files++);
    const { header, layout } = encodeHeader(source.tensors);
    const slices = slicesIn(layout);
    if (this.#thread === 0) return this.#lead(path, source, { words, header, layout, slices });
    this.#await(words, STATE, THERE);
    const file = openSync(path, 'r+');
    try {
      await this.#compute(file, source, { words, slices });
    } finally {
      closeSync(file);
    }
    this.#await(words, STATE, WHOLE);
    return null;
  }

  /** Says that all is there: no other thread is waited for. */
  end(): void {
    Atomics.compareExchange(this.#words, STANDING, GOING_ON, ENDED);
  }

  async #lead(path: string, source: TensorSource, shared: SharedFile): Promise<Sha256> {
    const { words, header, layout, slices } = shared;
    const file = create(path, header, layout);
    try {
      this.#tell(words, STATE, THERE);
      const hash = new PrefixHash(file, layout, slices);
      await this.#compute(file, source, shared, () => hash.update(this.#writtenBefore(words)));
      for (;;) {
        const written = Atomics.load(this.#words, words + WRITTEN);
        if (written === slices.length) break;
        this.goOn();
        hash.update(this.#writtenBefore(words));
        Atomics.wait(this.#words, words + WRITTEN, written, LOOK_AGAIN_MS);
      }
      const digest = hash.digest();
      this.#tell(words, STATE, WHOLE);
      return digest;
    } finally {
      closeSync(file);
    }
  }

  /** Computes and writes slices until every one of them is taken. */
  async #compute(
    file: number,
    source: TensorSource,
    { words, slices }: Pick<SharedFile, 'words' | 'slices'>,
    onWritten: () => void = () => undefined,
  ): Promise<void> {
    const memory = new Float32Array(VALUES_PER_SLICE);
    for (;;) {
      this.goOn();
      const taken = Atomics.add(this.#words, words + TAKEN, 1);
      const slice = slices[taken];
      const last = slice === undefined ? NO_SLICE : taken;
      Atomics.store(this.#words, words + LAST_TAKEN + this.#thread, last);
      if (slice === undefined) return;
      const data = memory.subarray(0, slice.to - slice.from);
      await this.#read(source, data, slice);
      writeWhole(file, littleEndianBytes(data), slice.byteOffset);
      Atomics.add(this.#words, words + WRITTEN, 1);
      Atomics.notify(this.#words, words + WRITTEN);
      onWritten();
    }
  }

  async #read(
    source: TensorSource,
    target: Float32Array,
    { name, from, to }: Slice,
  ): Promise<void> {
    this.#isInSlice = true;
    await readInto(source, target, name, from, to);
    this.#isInSlice = false;
  }

  /**
   * Slices before this one are written: each thread took the slices before its last one earlier, and no thread
   * takes one that another has. What this thread took last it has written.
   */
  #writtenBefore(words: number): number {
    let first = Atomics.load(this.#words, words + TAKEN);
    for (let thread = 1; thread < this.#threads; thread++) {
      first = Math.min(first, Atomics.load(this.#words, words + LAST_TAKEN + thread));
    }
    return first;
  }

  #await(words: number, word: number, least: number): void {
    for (;;) {
      this.goOn();
      const value = Atomics.load(this.#words, words + word);
      if (value >= least) return;
      Atomics.wait(this.#words, words + word, value, LOOK_AGAIN_MS);
    }
  }

  #tell(words: number, word: number, value: number): void {
    Atomics.store(this.#words, words + word, value);
    Atomics.notify(this.#words, words + word);
  }

  /** @throws NotWanted */
  goOn(): void {
    if (Atomics.load(this.#words, STANDING) !== GOING_ON) throw new NotWanted();
  }

  #wordsOf(file: number): number {
    return file * WORDS_PER_FILE;
  }
}

/** A file that is being written, and where its words begin. */
interface SharedFile {
  readonly words: number;
  readonly header: Uint8Array;
  readonly layout: Layout;
  readonly slices: readonly Slice[];
}

interface Slice {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly byteOffset: number;
}

function slicesIn({ tensors }: Layout): Slice[] {
  return tensors.flatMap((tensor) =>
    [...slicesOf(tensor)].map(([from, to]) => {
      const byteOffset = tensor.byteOffset + from * FLOAT_BYTES;
      return { name: tensor.name, from, to, byteOffset };
    }),
  );
}

function create(path: string, header: Uint8Array, { byteLength }: Layout): number {
  const file = openSync(path, 'wx+');
  writeWhole(file, header, 0);
  ftruncateSync(file, byteLength);
  return file;
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** Hashes a file in its order while it is written: what is there of it so far, slice by slice. */
class PrefixHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #file: number;
  readonly #layout: Layout;
  readonly #ends: readonly number[];
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #hashed = 0;

  constructor(file: number, layout: Layout, slices: readonly Slice[]) {
    this.#file = file;
    this.#layout = layout;
    this.#ends = slices.map(({ byteOffset, from, to }) => byteOffset + (to - from) * FLOAT_BYTES);
  }

  /** The first slices are written, so many of them. */
  update(slices: number): void {
    const last = this.#ends[Math.min(slices, this.#ends.length) - 1];
    if (last !== undefined) this.#upTo(last);
  }

  /** Everything is written. */
  digest(): Sha256 {
    this.#upTo(this.#layout.byteLength);
    return this.#hash.digest('hex');
  }

  #upTo(end: number): void {
    while (this.#hashed < end) {
      const length = Math.min(PIECE_BYTES, end - this.#hashed);
      const read = readSync(this.#file, this.#piece, 0, length, this.#hashed);
      assert(read > 0, 'a file that was written can be read');
      this.#hash.update(this.#piece.subarray(0, read));
      this.#hashed += read;
    }
  }
}
