import { readEntry } from '../cache/read-entry.js';
import type { Case, CaseRef, Dataset, ScannedCase } from '../datasets/case.js';
import { type OpenDatasetOptions, openDataset } from '../datasets/dataset.js';
import { readCase } from '../datasets/load-case.js';
import type { DatasetSpec } from '../datasets/spec.js';

/** The reads that take long. Arguments and results are plain data, so that a thread can do them. */
export interface Reader {
  readonly openDataset: (
    spec: DatasetSpec,
    classes: readonly string[],
    options?: OpenDatasetOptions,
  ) => Promise<Dataset>;
  readonly readCase: (ref: CaseRef, classes: readonly string[]) => Promise<ScannedCase>;
  /** A file of the cache. */
  readonly readEntry: (path: string) => Promise<Case | undefined>;
}

/** Reads on the thread that asks. */
export const directReader: Reader = {
  openDataset,
  readCase,
  readEntry,
};
