import { readFile } from 'node:fs/promises';
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
export async function readDiary(path: string): Promise<DiaryReading> {
  const entries: DiaryEntry[] = [];
  let unreadable = 0;
  for (const file of [...segmentsOf(path).map((segment) => segment.path), path]) {
    const lines = (await textOf(file)).split('\n').slice(0, -1);
    for (const line of lines) {
      const reading = readStored(line, DIARY_ENTRY);
      if (reading.kind === 'read') entries.push(reading.value);
      else unreadable += 1;
    }
  }
  return { entries, unreadable };
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
