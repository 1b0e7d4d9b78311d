import { stat } from 'node:fs/promises';
import { fail } from '../errors.js';
import type { Volume } from '../geometry/grid.js';
import { readNifti } from '../nifti/read.js';
import { readNrrd } from '../nrrd/read.js';
import type { CaseRef } from './case.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';

/**
 * Reads one scan for prediction: a NIfTI or NRRD file, or a folder (or file) with exactly one DICOM series.
 * @throws FedvoxError `folder-unreadable`, `not-one-series`, `unsupported-format`, …
 */
export async function readVolume(path: string): Promise<Volume> {
  if (/\.nii(\.gz)?$/i.test(path)) return readNifti(path);
  if (/\.nrrd$/i.test(path)) return readNrrd(path);
  const ref = await findOnlySeries(path);
  return (await loadCase(ref, [])).image;
}

/**
 * The only usable series of a folder, whether it is labelled or not.
 * @throws FedvoxError `folder-unreadable`, `no-dicom`, `not-one-series`, or the reason of the refusal
 *   where there is one series and it is refused
 */
export async function findOnlySeries(path: string): Promise<CaseRef> {
  await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw fail('folder-unreadable', { path, reason: cause.code ?? 'unknown' }, { cause });
  });
  const { cases, refused } = await openDataset(
    { kind: 'dicom', path, missingLabels: 'empty' },
    [],
    { labels: 'optional' },
  );
  const [only] = cases;
  if (only !== undefined && cases.length === 1) return only;
  throw fail('not-one-series', {
    path,
    count: cases.length,
    refused: refused.map(({ code, reason }) => `${reason} (${code})`).join('; ') || 'none',
  });
}
