import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, errorText, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { fail } from '../errors.js';
import type { Side, Sides } from './patient-split.js';

/** The sides that a site gave its patients for a job, kept on its disk so that every round agrees. */
export interface SplitMemory {
  read(): Promise<Sides>;
  /** Durably; nothing is written where nothing is new. */
  write(sides: Sides): Promise<void>;
}

/** @param folder the site's own; one small file for each job */
export function splitMemory(folder: string, jobDigest: Sha256): SplitMemory {
  const path = join(folder, `${jobDigest}.json`);
  return {
    read: () => readSides(path),
    async write(sides) {
      const text = canonicalJson(Object.fromEntries(sides));
      if (text === canonicalJson(Object.fromEntries(await readSides(path)))) return;
      await mkdir(folder, { recursive: true });
      await writeFileDurably(path, text, { mode: 0o600 });
    },
  };
}

/** @throws FedvoxError `learning/split-unreadable`: a forgotten side would put trained cases to validation */
async function readSides(path: string): Promise<Sides> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(path, 'utf8')) as object);
    if (entries.every(isSide)) return new Map(entries);
    throw new Error('it holds something other than sides');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw fail('split-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

function isSide(entry: [string, unknown]): entry is [Sha256, Side] {
  const [digest, side] = entry;
  return SHA256_PATTERN.test(digest) && (side === 'train' || side === 'validation');
}
