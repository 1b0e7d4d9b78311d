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
  const path = join(folder, 'result.json');
  const digest = sha256(JSON.stringify(of));
  if (await isThere(path)) {
    const kept = JSON.parse(await readFile(path, 'utf8')) as KeptRun;
    if (kept.of !== digest) throw fail('result-of-another', { path });
    return kept.run;
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const run = await work(folder);
  const kept: KeptRun = { of: digest, run };
  await writeFileDurably(path, `${JSON.stringify(kept)}\n`);
  return run;
}
