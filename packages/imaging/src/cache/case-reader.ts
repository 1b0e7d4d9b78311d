import type { CaseRef } from '../datasets/case-ref.js';
import { readCase } from '../datasets/load-case.js';
import type { Case, ScannedCase } from '../geometry/case.js';
import type { Vec3 } from '../geometry/vector.js';
import { readEntry } from './read-entry.js';
import { readWindow } from './read-window.js';

/** How a case comes into memory: from its own files, or as the cache keeps it. */
export interface CaseReader {
  readonly readCase: (ref: CaseRef, classes: readonly string[]) => Promise<ScannedCase>;
  /** A file of the cache. */
  readonly readEntry: (path: string) => Promise<Case | undefined>;
  /** A box of a case in a file of the cache; what lies outside of the case is 0. */
  readonly readWindow: (path: string, start: Vec3, size: Vec3) => Promise<Case | undefined>;
}

/** Reads on the thread that asks. */
export const directCaseReader: CaseReader = { readCase, readEntry, readWindow };
