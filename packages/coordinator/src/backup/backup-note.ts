import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, SHA256_PATTERN } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { z } from 'zod';
import { fail } from '../errors.js';

/** What a backup says of itself. */
export const BACKUP_FILE = 'backup.json';

const noteSchema = z.strictObject({
  kind: z.literal('fedvox/backup/v1'),
  federation: z.string(),
  takenAt: z.iso.datetime(),
  blobs: z.number().int(),
  bytes: z.number().int(),
  /** Of the database's file; absent in backups from before it was kept. */
  stateSha256: z.string().regex(SHA256_PATTERN).optional(),
});

export type BackupNote = z.output<typeof noteSchema>;

export async function writeBackupNote(
  folder: string,
  note: Omit<BackupNote, 'kind'>,
): Promise<void> {
  const text = JSON.stringify({ kind: 'fedvox/backup/v1', ...note }, null, 2);
  await writeFileDurably(join(folder, BACKUP_FILE), `${text}\n`, { mode: 0o600 });
}

/** @throws FedvoxError `coordinator/backup-unreadable` */
export async function readBackupNote(folder: string): Promise<BackupNote> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(join(folder, BACKUP_FILE), 'utf8')));
  } catch (cause) {
    throw fail('backup-unreadable', { folder, reason: errorText(cause) }, { cause });
  }
}
