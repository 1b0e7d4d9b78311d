import { readEntry } from '../cache/read-entry.js';
import type { Case, CaseRef, Dataset } from '../datasets/case.js';
import { type OpenDatasetOptions, openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import type { DatasetSpec } from '../datasets/spec.js';

/** The reads that take long. Arguments and results are plain data, so that a thread can do them. */
export interface Reader {
  readonly openDataset: (
    spec: DatasetSpec,
    classes: readonly string[],
    options?: OpenDatasetOptions,
  ) => Promise<Dataset>;
  readonly loadCase: (ref: CaseRef, classes: readonly string[]) => Promise<Case>;
  /** A file of the cache. */
  readonly readEntry: (path: string) => Promise<Case | undefined>;
}

/** Reads on the thread that asks. */
export const directReader: Reader = {
  openDataset,
  loadCase: (ref, classes) => loadCase(ref, classes),
  readEntry,
};
