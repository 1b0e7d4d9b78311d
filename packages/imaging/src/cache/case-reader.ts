import type { CaseRef } from '../datasets/case-ref.js';
import { readCase } from '../datasets/load-case.js';
import type { Case, ScannedCase } from '../geometry/case.js';
import { readEntry } from './read-entry.js';

/** How a case comes into memory: from its own files, or as the cache keeps it. */
export interface CaseReader {
  readonly readCase: (ref: CaseRef, classes: readonly string[]) => Promise<ScannedCase>;
  /** A file of the cache. */
  readonly readEntry: (path: string) => Promise<Case | undefined>;
}

/** Reads on the thread that asks. */
export const directCaseReader: CaseReader = { readCase, readEntry };
