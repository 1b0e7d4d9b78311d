import type { Writable } from 'node:stream';
import { isUid } from '../dicom-json.js';
import { fail } from '../errors.js';
import { type Asked, InstanceFile, nonsense } from '../instance-file.js';
import type { RetrieveLimits } from '../retrieve.js';
import { type Allowance, ArrivingInstance, type Flow } from './arriving-instance.js';
import type { Announced, Receiver } from './message-network.js';

/** Where to, and how much at most. */
export interface Destination {
  readonly folder: string;
  /** What is whole, by SOP instance UID with its bytes; what arrives is added. */
  readonly saved: Map<string, number>;
  readonly limits: RetrieveLimits;
}

/** Writes the objects of one C-GET to files of their own, durably, one at a time. */
export class ArrivingSeries implements Receiver {
  readonly #destination: Destination;
  readonly #asked: Asked;
  readonly #line: Flow & { fail(error: unknown): void };
  readonly #allowance: Allowance;
  #current: ArrivingInstance | undefined;
  #finishing: Promise<void> | undefined;

  constructor(destination: Destination, asked: Asked, line: Flow & { fail(error: unknown): void }) {
    const { maxPartBytes, maxTotalBytes } = destination.limits;
    this.#destination = destination;
    this.#asked = asked;
    this.#line = line;
    this.#allowance = { maxPartBytes, leftBytes: maxTotalBytes };
  }

  get deliveredBytes(): number {
    return this.#destination.limits.maxTotalBytes - this.#allowance.leftBytes;
  }

  begin(announced: Announced): Writable {
    const { folder, saved, limits } = this.#destination;
    const { sopInstanceUid, sopClassUid, transferSyntaxUid } = announced;
    const asked = this.#asked;
    if (this.#current !== undefined) throw nonsense(asked, 'an object begins within another');
    if (![sopInstanceUid, sopClassUid, transferSyntaxUid].every(isUid)) {
      throw nonsense(asked, 'an object is announced without its UIDs');
    }
    if (saved.has(sopInstanceUid)) throw nonsense(asked, 'an instance comes twice');
    const { maxParts } = limits;
    if (saved.size >= maxParts)
      throw fail('too-large', { ...asked, limit: maxParts, unit: 'instances' });
    const create = () => InstanceFile.create(folder, saved.size, asked);
    const options = { allowance: this.#allowance, flow: this.#line, asked };
    this.#current = new ArrivingInstance(announced, create, options);
    this.#current.on('error', (error) => this.#line.fail(error));
    return this.#current;
  }

  finish(): Promise<void> {
    this.#finishing = this.#finish();
    return this.#finishing;
  }

  async #finish(): Promise<void> {
    if (this.#current === undefined) throw nonsense(this.#asked, 'an object ends that never began');
    const { folder, saved } = this.#destination;
    const { sopInstanceUid, byteLength } = await this.#current.finish(folder);
    saved.set(sopInstanceUid, byteLength);
    this.#current = undefined;
  }

  /** However it ended: nothing half arrived is left, and what was whole by then is counted. */
  async close(): Promise<void> {
    // Why one could not be finished was told to the line.
    await Promise.allSettled([this.#finishing]);
    await this.#current?.discard();
  }
}
