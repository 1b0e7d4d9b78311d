import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, canonicalJson, type FedvoxError, type Sha256, sha256 } from '@fedvox/base';
import { isThere, writeFileDurably } from '@fedvox/base/system';
import type { CaseRef } from '../datasets/case-ref.js';
import { contentKey } from '../datasets/content-key.js';
import { FileDigests } from '../file-index/file-digests.js';
import { programStamp } from '../file-index/program-stamp.js';
import type { PicturePaths } from './contact-sheet.js';
import type { ScanReport } from './report.js';

/** What is found in a scan's voxels; the rest of a report is known from its headers. */
export type ScanFindings = Pick<ScanReport, 'intensity' | 'labels' | 'warnings'>;

interface Kept extends ScanFindings {
  /** Of the program that found it: another may see other things. */
  readonly stamp: Sha256;
}

/** A scan whose findings are kept, if they were found before, and where its pictures lie. */
export interface KeptScan {
  readonly found: ScanFindings | undefined;
  readonly pictures: Required<PicturePaths>;
  keep(findings: ScanFindings): Promise<void>;
}

/**
 * Findings and pictures of scans in a folder, by their content: a scan that was looked at is not read
 * again, wherever it lies, and is as soon as one byte of it is another.
 */
export class KeptFindings {
  private constructor(
    private readonly folder: string,
    private readonly stamp: Sha256,
    private readonly digests: FileDigests,
  ) {}

  static async open(
    folder: string,
    clock: Clock,
    onProblem: (problem: FedvoxError) => void,
  ): Promise<KeptFindings> {
    const digests = await FileDigests.open(join(folder, 'digests.index'), clock, onProblem);
    const stamp = sha256(`findings of ${await programStamp()}`);
    return new KeptFindings(folder, stamp, digests);
  }

  async of(ref: CaseRef, classes: readonly string[]): Promise<KeptScan> {
    const content = await contentKey(ref, (path) => this.digests.digestOf(path));
    const path = join(this.folder, sha256(canonicalJson({ content, classes: [...classes] })));
    const pictures = { png: `${path}.png`, thumbnail: `${path}-thumbnail.png` };
    return {
      found: await this.#read(`${path}.json`, pictures),
      pictures,
      keep: (findings) =>
        writeFileDurably(`${path}.json`, JSON.stringify({ ...findings, stamp: this.stamp }), {
          mode: 0o600,
        }),
    };
  }

  /** Remembers the digests of the files that were asked for. */
  close(): Promise<void> {
    return this.digests.keep();
  }

  /** Written last: where it is, its pictures are. Whatever else is there is found anew. */
  async #read(
    path: string,
    { png, thumbnail }: Required<PicturePaths>,
  ): Promise<ScanFindings | undefined> {
    if (!(await isThere(path)) || !(await isThere(png)) || !(await isThere(thumbnail))) {
      return undefined;
    }
    const { stamp, ...findings } = parsed(await readFile(path, 'utf8'));
    return stamp === this.stamp && findings.labels !== undefined
      ? (findings as ScanFindings)
      : undefined;
  }
}

/** A file that a full disk cut short holds nothing. */
function parsed(text: string): Partial<Kept> {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
