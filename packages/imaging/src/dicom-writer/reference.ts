import type { CaseRef } from '../datasets/case-ref.js';
import { readDicomHeader } from '../dicom/part10.js';
import { fail } from '../errors.js';
import type { Grid } from '../geometry/grid.js';

/** A series that a segmentation is written for. It holds the patient's name: it stays on the site. */
export interface SeriesReference {
  /** SpecificCharacterSet of the names, where it is not ASCII. */
  readonly characterSet?: string;
  readonly patientName: string;
  readonly patientId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  readonly sopClassUid: string;
  /** Instance of each slice k. */
  readonly sopInstanceUids: readonly string[];
  readonly grid: Grid;
}

/**
 * The reference to the DICOM series of a case, read from its first file.
 * @throws FedvoxError `unsupported-format` for a case that is not DICOM
 */
export async function seriesReference({ source, grid }: CaseRef): Promise<SeriesReference> {
  if (source.kind !== 'dicom') {
    throw fail('unsupported-format', {
      path: source.imagePath,
      reason: 'a DICOM SEG can only be written for a DICOM series',
    });
  }
  const { frames } = source.stack;
  const { attributes } = await readDicomHeader(frames[0]!.path);
  const characterSet = attributes.text('SpecificCharacterSet');
  return {
    ...(characterSet === undefined ? {} : { characterSet }),
    patientName: attributes.text('PatientName') ?? '',
    patientId: attributes.text('PatientID') ?? '',
    studyUid: attributes.requireText('StudyInstanceUID'),
    seriesUid: attributes.requireText('SeriesInstanceUID'),
    frameOfReferenceUid: attributes.requireText('FrameOfReferenceUID'),
    sopClassUid: attributes.requireText('SOPClassUID'),
    sopInstanceUids: frames.map(({ sopInstanceUid }) => sopInstanceUid),
    grid,
  };
}
