import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FedvoxError } from '@fedvox/base';
import { findScans } from '../../datasets/find-scans.js';
import { inspectFolder } from '../../inspect/inspect-folder.js';
import type { Refusal } from '../../refusal.js';
import { CHOSEN } from './corpus.js';
import type { FuzzInput } from './input.js';

/** What came of an input: a volume, or the code of the first refusal. Anything else is thrown. */
export type FuzzOutcome = 'volume' | `refused: ${string}`;

/** Writes specimens to disk once each, and then only the damaged file of each input. */
export class FuzzFolder {
  private readonly written = new Set<string>();

  constructor(private readonly root: string) {}

  /**
   * Reads an input as `fedvox data inspect` would, headers, pixels and labels of all there is, and finds what
   * `fedvox model predict` would of it.
   */
  async attempt({ specimen, file, bytes }: FuzzInput): Promise<FuzzOutcome> {
    const folder = join(this.root, specimen.name.replaceAll(/[^\w]+/g, '-'));
    if (!this.written.has(folder)) {
      for (const [name, sound] of specimen.files) await write(join(folder, name), sound);
      this.written.add(folder);
    }
    const path = join(folder, file);
    await writeFile(path, bytes);
    try {
      return await outcome(folder);
    } finally {
      await writeFile(path, specimen.files.get(file) as Uint8Array);
    }
  }
}

async function outcome(folder: string): Promise<FuzzOutcome> {
  try {
    const { scans, refused } = await inspectFolder(folder, CHOSEN);
    const reasons = [...scans.flatMap(({ refusal }) => refusal ?? []), ...refused];
    checkNoneOurs(reasons);
    checkNoneOurs((await findScans(folder, CHOSEN)).refused);
    if (scans.some(({ usable }) => usable)) return 'volume';
    const [reason] = reasons;
    return `refused: ${reason?.code ?? 'nothing in it claims to be a scan'}`;
  } catch (error) {
    if (error instanceof FedvoxError) return `refused: ${error.code}`;
    throw error;
  }
}

function checkNoneOurs(reasons: readonly Refusal[]): void {
  const ours = reasons.find(({ code }) => code === 'imaging/broken-invariant');
  if (ours !== undefined) throw new Error(ours.reason);
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
