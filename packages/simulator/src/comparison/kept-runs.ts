import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sha256, sha256 } from '@fedvox/base';
import { isThere, writeFileDurably } from '@fedvox/base/system';
import { fail } from '../errors.js';
import type { MeasuredRun } from './measured-run.js';

interface KeptRun {
  /** Of all that decides about it. */
  readonly of: Sha256;
  readonly run: MeasuredRun;
}

/**
 * Does each piece of a comparison once: what was ended before is read from its folder, what was cut off begins anew.
 * @param of all that decides about its result
 * @param work writes what it likes into the folder, which is empty
 * @throws FedvoxError `simulator/result-of-another`
 */
export async function keptRun(
  folder: string,
  of: unknown,
  work: (folder: string) => Promise<MeasuredRun>,
): Promise<MeasuredRun> {
  const ended = await endedRun(folder, () => of);
  if (ended !== null) return ended;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const run = await work(folder);
  const kept: KeptRun = { of: digestOf(of), run };
  await writeFileDurably(resultIn(folder), `${JSON.stringify(kept)}\n`);
  return run;
}

/**
 * What a piece ended in; null where it was never ended.
 * @param of as of `keptRun`, asked for only where there is a result
 * @throws FedvoxError `simulator/result-of-another`
 */
export async function endedRun(folder: string, of: () => unknown): Promise<MeasuredRun | null> {
  const path = resultIn(folder);
  if (!(await isThere(path))) return null;
  const kept = JSON.parse(await readFile(path, 'utf8')) as KeptRun;
  if (kept.of !== digestOf(of())) throw fail('result-of-another', { path });
  return kept.run;
}

const resultIn = (folder: string) => join(folder, 'result.json');
/** What is kept of a run has changed with this number: results of before are of another program. */
const FORM = 2;
const digestOf = (of: unknown) => sha256(JSON.stringify({ form: FORM, of }));
