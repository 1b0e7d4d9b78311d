import { rm } from 'node:fs/promises';
import { type LabelMap, loadLabel, writeCorrection } from '@fedvox/imaging';
import { fail } from '../errors.js';
import { caseRefOf, type LoadedCase, type ReviewedData } from './opened-case.js';

interface CorrectionPlace {
  /** The site's own, from which its next training reads. */
  readonly folder: string;
  readonly createdAt: Date;
  readonly source: ReviewedData;
}

/**
 * Writes a corrected label and reads it back the way a training will: what is not the same, voxel for voxel, is
 * taken away again.
 * @returns its file
 * @throws FedvoxError `console/correction-differs`, and as `writeCorrection`
 */
export async function keepCorrection(
  { review, reviewCase, ref, voxels }: LoadedCase,
  after: LabelMap,
  { folder, createdAt, source }: CorrectionPlace,
): Promise<string> {
  const { classes } = review.record;
  const path = await writeCorrection(folder, ref, {
    ...{ before: voxels.label, after, classes, createdAt },
  });
  const now = await caseRefOf(review, reviewCase, source);
  const { data } = await loadLabel(now, classes, voxels.scan);
  if (Buffer.compare(data, after.data) === 0) return path;
  await rm(path);
  throw fail('correction-differs', { caseId: ref.caseId });
}
