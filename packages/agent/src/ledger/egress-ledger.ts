import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, errorText, FedvoxError, writeStored } from '@fedvox/base';
import { isDiskFull } from '@fedvox/base/system';
import type { EgressKind } from '@fedvox/protocol';
import { fail } from '../errors.js';
import { LEDGER_ENTRY, type LedgerEntry, type Subject } from './ledger-entry.js';
import { parseEntry } from './read-ledger.js';
import { Reserve } from './reserve.js';
import { segmentPath, segmentsOf } from './segments.js';

/** An entry is about 250 bytes; the last whole one is found within this much of the end. */
const TAIL_BYTES = 4096;
const NEWLINE = 0x0a;
/** Some 60,000 entries, weeks of a busy site; every editor opens such a file. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** How often room is sought again that was given up on a full disk. */
const ENTRIES_BETWEEN_REFILLS = 100;

/**
 * The site's own account of every byte that left it: one JSON line per message, append-only. A file
 * that is full is set aside under the number of its last entry, and another is begun.
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
  #descriptor: number;
  readonly #clock: Clock;
  readonly #reserve: Reserve;
  #lastNumber: number;

  private constructor(
    readonly path: string,
    descriptor: number,
    lastNumber: number,
    clock: Clock,
    readonly maxFileBytes: number,
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
   * @throws FedvoxError `agent/ledger-unwritable`, `agent/ledger-unreadable`, `agent/ledger-too-new`
   */
  static open(path: string, clock: Clock, maxFileBytes = MAX_FILE_BYTES): EgressLedger {
    try {
      const descriptor = openSync(path, 'a+', 0o600);
      syncFolderOf(path);
      const last = repairTail(descriptor, path) ?? segmentsOf(path).at(-1)?.lastNumber ?? 0;
      return new EgressLedger(path, descriptor, last, clock, maxFileBytes);
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
      if (fstatSync(this.#descriptor).size >= this.maxFileBytes) this.#setAside();
      this.#append(`${writeStored(entry, LEDGER_ENTRY)}\n`);
    } catch (cause) {
      throw asUnwritable(this.path, cause);
    }
    this.#lastNumber = entry.n;
    if (entry.n % ENTRIES_BETWEEN_REFILLS === 0) this.#reserve.fill();
  }

  /** Begins a new file, and keeps the full one beside it: nothing that was itemised is lost. */
  #setAside(): void {
    const full = segmentPath(this.path, this.#lastNumber);
    renameSync(this.path, full);
    let next: number;
    try {
      next = openSync(this.path, 'a+', 0o600);
    } catch (error) {
      renameSync(full, this.path);
      throw error;
    }
    closeSync(this.#descriptor);
    this.#descriptor = next;
    syncFolderOf(this.path);
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

/** Takes a torn last line off; the number of the last whole entry, if the file holds one. */
function repairTail(descriptor: number, path: string): number | undefined {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(NEWLINE) + 1;
  // Before anything is taken off: a ledger that this program cannot go on with stays as it is.
  const last = end === 0 ? undefined : lastNumberIn(tail.subarray(0, end), path);
  if (end < tail.length) {
    ftruncateSync(descriptor, size - (tail.length - end));
    fsyncSync(descriptor);
  }
  return last;
}

function lastNumberIn(lines: Buffer, path: string): number {
  const start = lines.lastIndexOf(NEWLINE, lines.length - 2) + 1;
  return parseEntry(lines.toString('utf8', start), path, 'the last line').n;
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
