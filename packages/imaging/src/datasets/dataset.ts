import { unreachable } from '@fedvox/base';
import type { HeaderProgress } from '../folder-scan/headers/read-headers.js';
import type { Dataset } from './case-ref.js';
import { type LabelNeed, openDicomFolder } from './dicom-folder.js';
import { openMsd } from './msd.js';
import { type DatasetSpec, datasetSpecSchema } from './spec.js';

export interface OpenDatasetOptions {
  /** `required` (the default) refuses scans without a label; `optional` keeps them. */
  readonly labels?: LabelNeed;
  /** A file that keeps the headers of a DICOM folder, so that the next look reads only what is new. */
  readonly indexPath?: string;
  readonly onProgress?: (progress: HeaderProgress) => void;
}

/**
 * Finds the cases of a data set, reading headers only. Whatever cannot be used is in `refused`, by
 * name; cases are in the order of their ids, which does not depend on where they lie.
 * @param classes the job's class names by label value, background first
 * @throws FedvoxError when there is nothing to look at: `folder-unreadable`, `no-dicom`, `not-msd`,
 *   `no-such-site`
 */
export async function openDataset(
  spec: DatasetSpec,
  classes: readonly string[],
  { labels = 'required', ...headers }: OpenDatasetOptions = {},
): Promise<Dataset> {
  const resolved = datasetSpecSchema.parse(spec);
  switch (resolved.kind) {
    case 'dicom':
      return openDicomFolder(resolved, classes, labels, headers);
    case 'msd':
      return openMsd(resolved, classes, labels);
    default:
      return unreachable(resolved);
  }
}
