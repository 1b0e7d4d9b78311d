import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { SHA256_PATTERN, type Sha256, sha256 } from '@fedvox/base';
import { z } from 'zod';
import { segmentsOf } from './segments.js';

/** One file of a ledger, open: what is set aside or added to meanwhile is read once all the same. */
export interface LedgerFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
  /** Changes with what is in it; 0 for the present file, which is added to all the time. */
  readonly stampMs: number;
}

const bytes = z.number().int().nonnegative();
export const sumsPlaceSchema = z.strictObject({
  /** The files that were set aside by then, as they were. */
  aside: z.record(z.string(), z.strictObject({ size: bytes, stampMs: z.number() })),
  /** How many files lie before the one that was being read. */
  filesBefore: bytes,
  lines: bytes,
  /** Of the last line that was read: where it lies in that file, and its SHA-256. */
  lineStart: bytes,
  lineEnd: bytes,
  lineDigest: z.string().regex(SHA256_PATTERN),
});

/** How far a ledger was read, and by what it is known again. */
export type SumsPlace = z.output<typeof sumsPlaceSchema>;

/** The ledger's files in their order, the present one last; none where there is no ledger. */
export async function openLedgerFiles(ledger: string): Promise<LedgerFile[]> {
  const present = await openIfThere(ledger);
  if (present === undefined) return [];
  const files: LedgerFile[] = [];
  const { ino } = await present.stat();
  for (const { path } of segmentsOf(ledger)) {
    const handle = await open(path, 'r');
    const { ino: own, size, mtimeMs } = await handle.stat();
    if (own === ino) await handle.close();
    else files.push({ path, handle, size, stampMs: mtimeMs });
  }
  const { size } = await present.stat();
  return [...files, { path: ledger, handle: present, size, stampMs: 0 }];
}

/** Whether the ledger is still the one of which so much was read: its old files untouched, its last line there. */
export async function isStillThere(
  place: SumsPlace,
  files: readonly LedgerFile[],
): Promise<boolean> {
  const asideNow = asideOf(files);
  for (const [name, known] of Object.entries(place.aside)) {
    const now = asideNow[name];
    if (now?.size !== known.size || now.stampMs !== known.stampMs) return false;
  }
  const file = files[place.filesBefore];
  if (file === undefined || file.size < place.lineEnd) return false;
  return (await digestIn(file, place.lineStart, place.lineEnd)) === place.lineDigest;
}

/** What the place says of the files before the one that is read; that one may be set aside later. */
export function asideBefore(files: readonly LedgerFile[], filesBefore: number): SumsPlace['aside'] {
  return asideOf(files.slice(0, filesBefore + 1));
}

function asideOf(files: readonly LedgerFile[]): SumsPlace['aside'] {
  const aside = files.filter(({ stampMs }) => stampMs > 0);
  return Object.fromEntries(
    aside.map(({ path, size, stampMs }) => [basename(path), { size, stampMs }]),
  );
}

async function digestIn({ handle }: LedgerFile, start: number, end: number): Promise<Sha256> {
  const line = Buffer.alloc(end - start);
  await handle.read(line, 0, line.length, start);
  return sha256(line);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
