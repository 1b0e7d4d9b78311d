import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sha256, sha256 } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import { fail } from '../errors.js';
import type { CompareSpec } from '../scenario/compare-schema.js';
import type { Plan } from '../scenario/plan.js';
import type { PieceOrder } from './piece-queue.js';

/** What a worker has to know of a comparison; it lies in its folder. */
export interface Sweep {
  readonly plan: Plan;
  readonly compare: CompareSpec;
  /** Where each site's scans lie. */
  readonly data: readonly (readonly [string, DatasetSpec])[];
}

/** @returns the digest of what was written */
export async function writeSweep(folder: string, sweep: Sweep): Promise<Sha256> {
  const text = `${JSON.stringify(sweep)}\n`;
  await writeFileDurably(sweepIn(folder), text);
  return sha256(text);
}

/** @throws FedvoxError `simulator/sweep-folder-missing`, `simulator/sweep-of-another` */
export async function readSweep({ folder, of }: Pick<PieceOrder, 'folder' | 'of'>): Promise<Sweep> {
  const path = sweepIn(folder);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw fail('sweep-folder-missing', { folder, reason: cause.code ?? cause.message }, { cause });
  });
  if (sha256(text) !== of) throw fail('sweep-of-another', { path });
  return JSON.parse(text) as Sweep;
}

const sweepIn = (folder: string) => join(folder, 'sweep.json');
