import { rm } from 'node:fs/promises';
import type { Clock } from '@fedvox/base';
import {
  type CaseRef,
  type LabelMap,
  loadLabel,
  ReaderThread,
  writeCorrection,
} from '@fedvox/imaging';
import { fail } from '../errors.js';
import { caseRefOf, type LoadedCase, type ReviewedData } from './opened-case.js';

interface CorrectionPlace {
  /** The site's own, from which its next training reads. */
  readonly folder: string;
  readonly source: Omit<ReviewedData, 'reader'>;
  readonly clock: Clock;
}

/**
 * Writes a corrected label and reads it back the way a training will: what is not the same, voxel for voxel, is
 * taken away again.
 * @returns its file, and the case that has it
 * @throws FedvoxError `console/correction-differs`, and as `writeCorrection`
 */
export async function keepCorrection(
  { review, reviewCase, ref, voxels }: LoadedCase,
  after: LabelMap,
  { folder, source, clock }: CorrectionPlace,
): Promise<{ readonly path: string; readonly ref: CaseRef }> {
  const { classes } = review.record;
  const path = await writeCorrection(folder, ref, {
    ...{ before: voxels.label, after, classes, createdAt: new Date(clock.nowMs()) },
  });
  // On a thread of its own, which gives its memory back before the label is read.
  const reader = new ReaderThread(clock);
  const now = await caseRefOf(review, reviewCase, { ...source, reader }).finally(() =>
    reader.close(),
  );
  const { data } = await loadLabel(now, classes, voxels.scan);
  if (Buffer.compare(data, after.data) === 0) return { path, ref: now };
  await rm(path);
  throw fail('correction-differs', { caseId: ref.caseId });
}
