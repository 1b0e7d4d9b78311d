import { type CaseReader, directCaseReader } from '../cache/case-reader.js';
import type { Dataset } from '../datasets/case-ref.js';
import { type OpenDatasetOptions, openDataset } from '../datasets/dataset.js';
import type { DatasetSpec } from '../datasets/spec.js';

/** The reads that take long. Arguments and results are plain data, so that a thread can do them. */
export interface Reader extends CaseReader {
  readonly openDataset: (
    spec: DatasetSpec,
    classes: readonly string[],
    options?: OpenDatasetOptions,
  ) => Promise<Dataset>;
}

/** Reads on the thread that asks. */
export const directReader: Reader = { openDataset, ...directCaseReader };
