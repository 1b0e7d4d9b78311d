import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { type Clock, writeStored } from '@fedvox/base';
import type { DiaryEntry, DiaryNews } from '../core/diary-entry.js';
import { segmentPath, segmentsOf } from '../ledger/segments.js';
import { DIARY_ENTRY } from './read-diary.js';

/** Some 14,000 entries: about ten jobs of a hundred rounds. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** Set aside; the oldest goes when there would be more. */
const MAX_FILES_ASIDE = 3;
/** An entry is about 150 bytes, one with a reason in words at most some thousand. */
const TAIL_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/**
 * What the agent did, one JSON line each, for the people at its site. Bounded: it is an account of the
 * last months, not evidence as the ledger is. It stays on the site.
 */
export class Diary {
  #descriptor: number;

  private constructor(
    readonly path: string,
    descriptor: number,
    private readonly clock: Clock,
    private readonly maxFileBytes: number,
  ) {
    this.#descriptor = descriptor;
  }

  /** Opens or begins a diary; a line that a crash left half written is taken off. */
  static open(path: string, clock: Clock, maxFileBytes = MAX_FILE_BYTES): Diary {
    const descriptor = openSync(path, 'a+', 0o600);
    takeTornLineOff(descriptor);
    return new Diary(path, descriptor, clock, maxFileBytes);
  }

  /** @throws what the disk says */
  write(news: DiaryNews): void {
    const entry = { atMs: this.clock.nowMs(), ...news } as DiaryEntry;
    if (fstatSync(this.#descriptor).size >= this.maxFileBytes) this.#setAside();
    const line = Buffer.from(`${writeStored(entry, DIARY_ENTRY)}\n`);
    for (let done = 0; done < line.length; ) done += writeSync(this.#descriptor, line, done);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #setAside(): void {
    const aside = segmentsOf(this.path);
    const next = (aside.at(-1)?.lastNumber ?? 0) + 1;
    renameSync(this.path, segmentPath(this.path, next));
    for (const { path } of aside.slice(0, Math.max(0, aside.length + 1 - MAX_FILES_ASIDE))) {
      if (existsSync(path)) rmSync(path);
    }
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.path, 'a+', 0o600);
  }
}

function takeTornLineOff(descriptor: number): void {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(NEWLINE) + 1;
  if (end < tail.length) ftruncateSync(descriptor, size - (tail.length - end));
}
