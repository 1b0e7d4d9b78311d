import { dirname, join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { makeFolder } from '@fedvox/base/system';
import type { CaseRef, FileSource } from '../datasets/case-ref.js';
import { correctionPath } from '../datasets/corrected-labels.js';
import { fail } from '../errors.js';
import type { LabelMap } from '../geometry/grid.js';
import { readVolumeFile } from '../volume-files/volume-file.js';
import { writeVolumeFile } from '../volume-files/write.js';
import { seriesReference } from './reference.js';
import { writeDicomSeg } from './seg.js';

export interface Correction {
  /** Class indices on the scan's grid, as the case's label has them, and as they are to be. */
  readonly before: LabelMap;
  readonly after: LabelMap;
  /** Of the job, background first. */
  readonly classes: readonly string[];
  readonly createdAt: Date;
}

/** Why a corrected label of a case cannot be written so that it is read again voxel for voxel. */
export function uncorrectable({ source, caseId }: CaseRef) {
  const isTurned =
    source.kind === 'dicom' ? source.stack.tiltDegrees > 0 : source.shearedGrid !== undefined;
  return isTurned ? fail('correction-resampled', { what: caseId }) : undefined;
}

/**
 * Writes a corrected label into a folder of corrections: a DICOM SEG drawn by a person for a series, for a case
 * of files a NIfTI label map with the values of its label's file.
 * @returns where
 * @throws FedvoxError `correction-resampled`, `correction-class`
 */
export async function writeCorrection(
  folder: string,
  ref: CaseRef,
  correction: Correction,
): Promise<string> {
  const problem = uncorrectable(ref);
  if (problem !== undefined) throw problem;
  return ref.source.kind === 'dicom'
    ? writeCorrectedSeg(folder, ref, correction)
    : writeCorrectedFile(folder, ref, ref.source, correction);
}

/** One for each series and set of classes: jobs of other classes have theirs beside it. */
async function writeCorrectedSeg(
  folder: string,
  ref: CaseRef,
  { after, classes, createdAt }: Correction,
): Promise<string> {
  const path = join(folder, `${ref.caseId}-${sha256(classes.join('/')).slice(0, 8)}.dcm`);
  await makeFolder(folder, 0o700);
  const segments = classes.map((label, value) => ({ label, value })).slice(1);
  await writeDicomSeg(path, after, segments, await seriesReference(ref), {
    identity: `correction/${createdAt.toISOString()}`,
    createdAt,
    seriesDescription: 'Fedvox correction',
    algorithm: { type: 'MANUAL' },
  });
  return path;
}

/** What is not changed keeps its value: the file may tell more apart than the job does. */
async function writeCorrectedFile(
  folder: string,
  { caseId }: CaseRef,
  { imagePath, label }: FileSource,
  { before, after, classes }: Correction,
): Promise<string> {
  if (label === undefined) throw fail('label-missing', { what: caseId });
  const valueOfClass = new Map<number, number>([[0, 0]]);
  for (const [value, classIndex] of label.classOf) {
    if (!valueOfClass.has(classIndex) && value !== 0) valueOfClass.set(classIndex, value);
  }
  const stored = await readVolumeFile(label.path, 'keep');
  const data = Uint8Array.from(after.data, (classIndex, at) => {
    const value =
      classIndex === before.data[at] ? (stored.data[at] as number) : valueOfClass.get(classIndex);
    if (value === undefined || value > 255) {
      throw fail('correction-class', { what: caseId, class: classes[classIndex] ?? '' });
    }
    return value;
  });
  const path = await correctionPath(folder, caseId, imagePath);
  await makeFolder(dirname(path), 0o700);
  await writeVolumeFile(path, { shape: after.shape, affineRas: after.affineRas, data });
  return path;
}
