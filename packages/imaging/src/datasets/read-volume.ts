import { fail } from '../errors.js';
import type { Scan } from '../geometry/stored-volume.js';
import { isVolumeName, readVolumeFile } from '../volume-files/volume-file.js';
import type { CaseRef } from './case-ref.js';
import { openDataset } from './dataset.js';
import { readCase } from './load-case.js';
import type { DatasetSpec } from './spec.js';

/** What a site says of its series, as it does of a data set's. */
export type SeriesRules = Partial<
  Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path' | 'labels' | 'missingLabels'>
>;

/**
 * Reads one scan for prediction: a NIfTI or NRRD file, or a folder (or file) with exactly one DICOM series.
 * @throws FedvoxError `folder-unreadable`, `not-one-series`, `corrupt-file`, …
 */
export async function readVolume(path: string, rules: SeriesRules = {}): Promise<Scan> {
  if (isVolumeName(path)) return readVolumeFile(path);
  const ref = await findOnlySeries(path, rules);
  return (await readCase(ref, [])).image;
}

/**
 * The only usable series of a folder, whether it is labelled or not.
 * @throws FedvoxError `folder-unreadable`, `no-dicom`, `not-one-series` with every refusal
 */
export async function findOnlySeries(path: string, rules: SeriesRules = {}): Promise<CaseRef> {
  const { cases, refused } = await openDataset(
    { ...rules, kind: 'dicom', path, missingLabels: 'empty' },
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
