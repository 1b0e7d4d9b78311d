import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fail } from '../errors.js';
import type { Asked, InstanceFile } from '../instance-file.js';
import { writePart10Meta } from '../part10-meta.js';
import type { Announced } from './message-network.js';

/** What an object arrives by. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface Allowance {
  readonly maxPartBytes: number;
  /** Bytes that may still come in this association. */
  leftBytes: number;
}

/** One object on its way to a file. Nothing more is read from the line while bytes wait for the disk. */
export class ArrivingInstance extends Writable {
  readonly #announced: Announced;
  readonly #allowance: Allowance;
  readonly #flow: Flow;
  readonly #asked: Asked;
  readonly #create: () => Promise<InstanceFile>;
  #file: InstanceFile | undefined;
  #byteLength = 0;

  constructor(
    announced: Announced,
    create: () => Promise<InstanceFile>,
    options: { allowance: Allowance; flow: Flow; asked: Asked },
  ) {
    // Never full: what holds back is the paused line.
    super({ highWaterMark: Number.MAX_SAFE_INTEGER });
    this.#announced = announced;
    this.#create = create;
    this.#allowance = options.allowance;
    this.#flow = options.flow;
    this.#asked = options.asked;
    this.#flow.pause();
  }

  override _construct(done: (error?: Error | null) => void): void {
    const open = async () => {
      this.#file = await this.#create();
      await this.#file.write(writePart10Meta(this.#announced));
    };
    this.#wait(open(), 0, done);
  }

  override _write(bytes: Buffer, _: string, done: (error?: Error | null) => void): void {
    const { maxPartBytes } = this.#allowance;
    this.#byteLength += bytes.length;
    this.#allowance.leftBytes -= bytes.length;
    if (this.#byteLength > maxPartBytes) done(this.#tooLarge(maxPartBytes, 'bytes an instance'));
    else if (this.#allowance.leftBytes < 0) done(this.#tooLarge(this.#byteLength, 'bytes in all'));
    else {
      this.#flow.pause();
      this.#wait(this.#file?.write(bytes) ?? Promise.resolve(), bytes.length, done);
    }
  }

  /** After `end`: on disk, and named by its UID. */
  async finish(folder: string): Promise<{ sopInstanceUid: string; byteLength: number }> {
    await finished(this);
    if (this.#file === undefined) throw new Error('a finished stream has a file');
    return this.#file.finish(folder);
  }

  /** Leaves nothing behind of what did not arrive whole. */
  async discard(): Promise<void> {
    // A file that is just being made is waited for, and then known here.
    const closed = this.closed
      ? Promise.resolve()
      : new Promise<void>((resolve) => this.once('close', resolve));
    this.destroy();
    await closed;
    if (this.#file === undefined) return;
    await this.#file.close();
    await rm(this.#file.path, { force: true });
  }

  #wait(work: Promise<void>, ownBytes: number, done: (error?: Error | null) => void): void {
    work.then(() => {
      if (this.writableLength <= ownBytes) this.#flow.resume();
      done();
    }, done);
  }

  #tooLarge(limit: number, unit: string) {
    return fail('too-large', { ...this.#asked, limit, unit });
  }
}
