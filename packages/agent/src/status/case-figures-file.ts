import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readStored, type StoredFormat, writeStored } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { type RoundCases, roundCasesSchema } from '../core/case-figures.js';

export const ROUND_CASES: StoredFormat<RoundCases> = { schema: roundCasesSchema, migrations: [] };
/** Of each job the last round's; those of jobs that were measured longest ago go. */
const MAX_JOBS = 50;

/** Keeps what was measured of each case, in place of what the job's round before left. */
export async function keepCaseFigures(folder: string, cases: RoundCases): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const text = `${writeStored(cases, ROUND_CASES)}\n`;
  await writeFileDurably(join(folder, `${cases.job}.json`), text, { mode: 0o600 });
  await removeOldest(folder);
}

/** Undefined where nothing was measured, or nothing that can be read: the next round leaves it anew. */
export async function readCaseFigures(
  folder: string,
  job: string,
): Promise<RoundCases | undefined> {
  try {
    const reading = readStored(await readFile(join(folder, `${job}.json`), 'utf8'), ROUND_CASES);
    return reading.kind === 'read' ? reading.value : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  if (names.length <= MAX_JOBS) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(folder, name))).mtimeMs })),
  );
  files.sort((a, b) => b.atMs - a.atMs);
  for (const { name } of files.slice(MAX_JOBS)) await rm(join(folder, name), { force: true });
}
