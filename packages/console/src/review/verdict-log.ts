import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readStored, type StoredFormat, writeStored } from '@fedvox/base';
import { makeFolder } from '@fedvox/base/system';
import { z } from 'zod';

/** Of a note. */
export const MAX_NOTE_LENGTH = 4_000;
const MAX_NAME_LENGTH = 100;
const NEWLINE = 0x0a;

/** Who says it, and why. */
export const signedSchema = z.strictObject({
  /** Who they say they are: nobody signs in on a hospital's own machine. */
  reviewer: z.string().trim().min(1).max(MAX_NAME_LENGTH),
  note: z.string().max(MAX_NOTE_LENGTH),
});
/** What a person says of what a model drew. */
export const saidSchema = signedSchema.extend({ verdict: z.enum(['accepted', 'rejected']) });

const verdictSchema = signedSchema.extend({
  verdict: z.enum(['accepted', 'rejected', 'corrected']),
  /** Milliseconds since the epoch. */
  atMs: z.number().int().nonnegative(),
  modelSha256: z.string(),
  job: z.string(),
  /** Where the case lies: names of cases are those of one folder. */
  dataPath: z.string(),
  caseId: z.string(),
  /** The corrected label's file, where the case was corrected. */
  correction: z.string().nullable(),
});

/** A verdict with all that it is about. It names cases and people: it stays on the site. */
export type VerdictEntry = z.output<typeof verdictSchema>;

const VERDICT: StoredFormat<VerdictEntry> = { schema: verdictSchema, migrations: [] };

export interface VerdictReading {
  /** In the order in which they were given. */
  readonly entries: readonly VerdictEntry[];
  /** Lines that cannot be read. */
  readonly unreadable: number;
}

/** What people said, one JSON line each; nothing is ever taken back, only said anew. */
export class VerdictLog {
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** Whole and on the disk once it resolves. */
  add(entry: VerdictEntry): Promise<void> {
    const added = this.#writing.then(() => this.#append(`${writeStored(entry, VERDICT)}\n`));
    // The next one is written though this one could not be.
    this.#writing = added.catch(() => undefined);
    return added;
  }

  async read(): Promise<VerdictReading> {
    const entries: VerdictEntry[] = [];
    let unreadable = 0;
    for (const line of (await this.#text()).split('\n')) {
      if (line === '') continue;
      const reading = readStored(line, VERDICT);
      if (reading.kind === 'read') entries.push(reading.value);
      else unreadable += 1;
    }
    return { entries, unreadable };
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  /** A line that a crash left half written is ended first, and read as one that cannot be. */
  async #append(line: string): Promise<void> {
    await makeFolder(dirname(this.path), 0o700);
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      await file.appendFile(size > 0 && buffer[0] !== NEWLINE ? `\n${line}` : line);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
