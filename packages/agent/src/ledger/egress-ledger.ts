import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, errorText, FedvoxError, isDiskFull } from '@fedvox/base';
import type { EgressKind } from '@fedvox/protocol';
import { fail } from '../errors.js';
import type { LedgerEntry, Subject } from './entry.js';
import { parseEntry } from './read-ledger.js';
import { Reserve } from './reserve.js';

/** An entry is about 250 bytes; the last whole one is found within this much of the end. */
const TAIL_BYTES = 4096;
const NEWLINE = 0x0a;
/** How often room is sought again that was given up on a full disk. */
const ENTRIES_BETWEEN_REFILLS = 100;

/**
 * The site's own account of every byte that left it: one JSON line per message, append-only.
 *
 * `record` returns only when the entry is on the disk, and the message is handed to the transport
 * only after that. So the ledger never counts too little. It counts too much where the agent was
 * killed, or the connection broke, between the entry and the wire. That is why it is synchronous: a
 * message is serialised in one go, and nothing may slip out in between.
 *
 * Counted are gRPC messages with their frame header. What carries them (TLS, HTTP/2 frames, the names
 * of the calls) is the same for every site and holds nothing of this one.
 */
export class EgressLedger {
  readonly #descriptor: number;
  readonly #clock: Clock;
  readonly #reserve: Reserve;
  #lastNumber: number;

  private constructor(
    readonly path: string,
    descriptor: number,
    lastNumber: number,
    clock: Clock,
  ) {
    this.#descriptor = descriptor;
    this.#lastNumber = lastNumber;
    this.#clock = clock;
    this.#reserve = new Reserve(`${path}.reserve`);
    this.#reserve.fill();
  }

  /**
   * Opens or begins a ledger. A line that a crash left half written is taken off: its message was
   * never handed to the transport.
   * @throws FedvoxError `agent/ledger-unwritable`, `agent/ledger-unreadable`
   */
  static open(path: string, clock: Clock): EgressLedger {
    try {
      const descriptor = openSync(path, 'a+', 0o600);
      syncFolderOf(path);
      return new EgressLedger(path, descriptor, repairTail(descriptor, path), clock);
    } catch (cause) {
      throw asUnwritable(path, cause);
    }
  }

  /** @throws FedvoxError `agent/ledger-unwritable`, and then the message must not be sent */
  record(kind: EgressKind, bytes: number, subject: Subject): void {
    const entry: LedgerEntry = {
      n: this.#lastNumber + 1,
      at: new Date(this.#clock.nowMs()).toISOString(),
      kind,
      bytes,
      ...subject,
    };
    try {
      this.#append(`${JSON.stringify(entry)}\n`);
    } catch (cause) {
      throw asUnwritable(this.path, cause);
    }
    this.#lastNumber = entry.n;
    if (entry.n % ENTRIES_BETWEEN_REFILLS === 0) this.#reserve.fill();
  }

  /** On a full disk the reserve makes room, once. */
  #append(line: string): void {
    try {
      appendWhole(this.#descriptor, line);
    } catch (error) {
      if (!isDiskFull(error) || !this.#reserve.release()) throw error;
      appendWhole(this.#descriptor, line);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Takes a torn last line off and returns the number of the last whole entry. */
function repairTail(descriptor: number, path: string): number {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(NEWLINE) + 1;
  if (end < tail.length) {
    ftruncateSync(descriptor, size - (tail.length - end));
    fsyncSync(descriptor);
  }
  if (end === 0) return 0;
  const start = tail.lastIndexOf(NEWLINE, end - 2) + 1;
  return parseEntry(tail.toString('utf8', start, end), path, 'the last line').n;
}

/** The whole line, durably, or nothing: half a line would spoil those after it. */
function appendWhole(descriptor: number, line: string): void {
  const { size } = fstatSync(descriptor);
  const bytes = Buffer.from(line, 'utf8');
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, size);
    throw error;
  }
}

function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function asUnwritable(path: string, cause: unknown) {
  if (cause instanceof FedvoxError) return cause;
  return fail('ledger-unwritable', { path, reason: errorText(cause) }, { cause });
}
