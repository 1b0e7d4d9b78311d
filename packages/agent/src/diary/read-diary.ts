import { readFile, stat } from 'node:fs/promises';
import { errorText, readStored, type StoredFormat } from '@fedvox/base';
import { type DiaryEntry, diaryEntrySchema } from '../core/diary-entry.js';
import { fail } from '../errors.js';
import { segmentsOf } from '../ledger/segments.js';

/** An entry as a line of the diary, which says its version. */
export const DIARY_ENTRY: StoredFormat<DiaryEntry> = { schema: diaryEntrySchema, migrations: [] };

export interface DiaryReading {
  /** Oldest first. */
  readonly entries: readonly DiaryEntry[];
  /** Lines that are no entries, or of a newer version; the others are as good without them. */
  readonly unreadable: number;
}

/**
 * What the agent wrote down, also while it writes: a last line without its end is not an entry yet.
 * @throws FedvoxError `agent/state-unreadable` where a file of it cannot be read at all
 */
export function readDiary(path: string): Promise<DiaryReading> {
  return new DiaryReader(path).read();
}

interface ReadFile extends DiaryReading {
  /** Changes when the file does. */
  readonly stamp: string;
}

/** Reads a diary again and again: files that have not changed since are not read anew. */
export class DiaryReader {
  #files: ReadonlyMap<string, ReadFile> = new Map();

  constructor(private readonly path: string) {}

  /** As `readDiary`. */
  async read(): Promise<DiaryReading> {
    const paths = [...segmentsOf(this.path).map((segment) => segment.path), this.path];
    const files = new Map<string, ReadFile>();
    for (const path of paths) files.set(path, await this.#readFile(path));
    this.#files = files;
    const entries = [...files.values()].flatMap((file) => file.entries);
    const unreadable = [...files.values()].reduce((sum, file) => sum + file.unreadable, 0);
    return { entries, unreadable };
  }

  async #readFile(path: string): Promise<ReadFile> {
    const stamp = await stampOf(path);
    const known = this.#files.get(path);
    if (known?.stamp === stamp) return known;
    const entries: DiaryEntry[] = [];
    let unreadable = 0;
    for (const line of (await textOf(path)).split('\n').slice(0, -1)) {
      const reading = readStored(line, DIARY_ENTRY);
      if (reading.kind === 'read') entries.push(reading.value);
      else unreadable += 1;
    }
    return { stamp, entries, unreadable };
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/** A file that was set aside, or removed as the oldest, since they were listed has none of its own. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}
