import { dirname, join } from 'node:path';
import { type Clock, sha256, unreachable } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { filesState } from '../file-index/files-state.js';
import type { HeaderOptions, HeaderProgress } from '../folder-scan/headers/read-headers.js';
import { refusalOf } from '../refusal.js';
import type { Dataset } from './case-ref.js';
import { classifiedCases } from './classified-cases.js';
import { decidingFiles } from './deciding-files.js';
import { type LabelNeed, openDicomFolder } from './dicom-folder.js';
import { openMsd } from './msd.js';
import { rememberedDataset } from './remembered-dataset.js';
import { type DatasetSpec, datasetSpecSchema, type ResolvedDatasetSpec } from './spec.js';

export interface OpenDatasetOptions {
  /**
   * `required` (the default) refuses scans without a label; `optional` keeps them; `of-cases` refuses those whose
   * class the site's list does not say, and looks at no label else.
   */
  readonly labels?: LabelNeed;
  /**
   * A file that keeps the headers of a DICOM folder, so that the next look reads only what is new. Beside it,
   * in `datasets.index`, is kept what was found, which stands as long as no file that decides it changes.
   */
  readonly indexPath?: string;
  readonly onProgress?: (progress: HeaderProgress) => void;
  /** Of the times of files. */
  readonly clock?: Clock;
}

/** Beside the index of headers. */
const DATASETS = 'datasets.index';

/**
 * Finds the cases of a data set, reading headers only. Whatever cannot be used is in `refused`, by
 * name; cases are in the order of their ids, which does not depend on where they lie.
 * @param classes the job's class names by label value, background first
 * @throws FedvoxError when there is nothing to look at: `folder-unreadable`, `no-dicom`, `not-msd`,
 *   `no-such-site`, `no-class-list`, `class-list-unreadable`, `class-list-format`
 */
export async function openDataset(
  spec: DatasetSpec,
  classes: readonly string[],
  { labels = 'required', ...headers }: OpenDatasetOptions = {},
): Promise<Dataset> {
  const { indexPath, onProgress, clock = systemClock } = headers;
  const resolved = datasetSpecSchema.parse(spec);
  if (indexPath === undefined) return openAnew(resolved, classes, labels, headers);
  const files = await decidingFiles(resolved);
  const state = files.length === 0 ? undefined : await filesState(files, clock.nowMs());
  // As it is written: patterns of names go in their order.
  const key = sha256(JSON.stringify([resolved, classes, labels]));
  const path = join(dirname(indexPath), DATASETS);
  let isRead = false;
  const dataset = await rememberedDataset(path, key, state, {
    open: () => {
      isRead = true;
      return openAnew(resolved, classes, labels, headers);
    },
    onProblem: (problem) => {
      const { code, reason } = refusalOf(path, problem);
      onProgress?.({ kind: 'index', code, reason });
    },
  });
  if (!isRead && resolved.kind === 'dicom') {
    onProgress?.({ kind: 'headers', done: files.length, total: files.length });
  }
  return dataset;
}

async function openAnew(
  spec: ResolvedDatasetSpec,
  classes: readonly string[],
  need: LabelNeed,
  headers: HeaderOptions,
): Promise<Dataset> {
  const dataset = await openFolder(spec, classes, need, headers);
  return need === 'of-cases' ? classifiedCases(dataset, spec, classes) : dataset;
}

async function openFolder(
  spec: ResolvedDatasetSpec,
  classes: readonly string[],
  need: LabelNeed,
  headers: HeaderOptions,
): Promise<Dataset> {
  switch (spec.kind) {
    case 'dicom':
      return openDicomFolder(spec, classes, need, headers);
    case 'msd':
      return openMsd(spec, classes, need);
    default:
      return unreachable(spec);
  }
}
