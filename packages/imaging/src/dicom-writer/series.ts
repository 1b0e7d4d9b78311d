import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors.js';
import type { Volume } from '../geometry/grid.js';
import { extremes } from '../transforms/intensity.js';
import { type DataSet, decimalString, encodePart10, uidFrom } from './encode.js';
import { planesOf, slicePosition } from './plane.js';
import type { SeriesReference } from './reference.js';

export interface DicomSeriesOptions {
  /** Names the study and the series: their UIDs are derived from it. */
  readonly identity: string;
  readonly patientName: string;
  readonly patientId: string;
  readonly modality: 'MR' | 'CT';
  readonly seriesDescription?: string;
  readonly createdAt: Date;
  /** Bits stored per pixel, 2 to 16; 12 where absent. */
  readonly storedBits?: number;
  readonly signed?: boolean;
  /** Chosen to fill the stored bits where absent. Kept to the 16 characters that DICOM gives a number. */
  readonly slope?: number;
  readonly intercept?: number;
  /** Name of the file of slice k; `IM00001.dcm` in order where absent. */
  readonly fileName?: (slice: number) => string;
}

const SOP_CLASS = {
  MR: '1.2.840.10008.5.1.4.1.1.4',
  CT: '1.2.840.10008.5.1.4.1.1.2',
} as const;

/**
 * Writes a volume as a classic DICOM series, one file a slice, and returns what a segmentation needs
 * to refer to it. Values are rounded to the nearest stored one.
 * @throws FedvoxError `unwritable-volume` when the grid is sheared or a value does not fit
 */
export async function writeDicomSeries(
  folder: string,
  volume: Volume,
  options: DicomSeriesOptions,
): Promise<SeriesReference> {
  const { identity, patientName, patientId, modality, createdAt } = options;
  const { fileName = (slice) => `IM${String(slice + 1).padStart(5, '0')}.dcm` } = options;
  const storage = pixelStorage(folder, volume, options);
  const reference: SeriesReference = {
    patientName,
    patientId,
    studyUid: uidFrom(`${identity}/study`),
    seriesUid: uidFrom(`${identity}/series`),
    frameOfReferenceUid: uidFrom(`${identity}/frame-of-reference`),
    sopClassUid: SOP_CLASS[modality],
    sopInstanceUids: Array.from({ length: volume.shape[2] }, (_, slice) =>
      uidFrom(`${identity}/slice/${slice}`),
    ),
    grid: { shape: volume.shape, affineRas: volume.affineRas },
  };
  const common: DataSet = {
    ...studyAttributes(reference, createdAt),
    SOPClassUID: reference.sopClassUid,
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    Modality: modality,
    Manufacturer: 'Fedvox',
    SeriesDescription: options.seriesDescription ?? '',
    SeriesInstanceUID: reference.seriesUid,
    SeriesNumber: 1,
    FrameOfReferenceUID: reference.frameOfReferenceUid,
    ...planesOf(folder, volume),
    ...storage.attributes,
  };
  await mkdir(folder, { recursive: true });
  for (const [slice, sopInstanceUid] of reference.sopInstanceUids.entries()) {
    const bytes = encodePart10({
      ...common,
      SOPInstanceUID: sopInstanceUid,
      InstanceNumber: slice + 1,
      ImagePositionPatient: slicePosition(volume, slice),
      PixelData: storage.slice(slice),
    });
    await writeFile(join(folder, fileName(slice)), bytes);
  }
  return reference;
}

/** Patient and study attributes that every instance of a study shares. */
export function studyAttributes(reference: SeriesReference, createdAt: Date): DataSet {
  const { date, time } = dicomDateTime(createdAt);
  return {
    ...(reference.characterSet === undefined
      ? {}
      : { SpecificCharacterSet: reference.characterSet.split('\\') }),
    PatientName: reference.patientName,
    PatientID: reference.patientId,
    PatientBirthDate: '',
    PatientSex: '',
    StudyInstanceUID: reference.studyUid,
    StudyDate: date,
    StudyTime: time,
    StudyID: '1',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    ContentDate: date,
    ContentTime: time,
    PositionReferenceIndicator: '',
  };
}

function dicomDateTime(moment: Date): { date: string; time: string } {
  const digits = moment.toISOString().replaceAll(/[-:T]/g, '');
  return { date: digits.slice(0, 8), time: digits.slice(8, 14) };
}

interface PixelStorage {
  readonly attributes: DataSet;
  slice(slice: number): Uint8Array;
}

/** How the volume's values become stored integers: value = slope · stored + intercept. */
function pixelStorage(
  folder: string,
  { data, shape }: Volume,
  { storedBits = 12, signed = false, ...given }: DicomSeriesOptions,
): PixelStorage {
  const lowest = signed ? -(2 ** (storedBits - 1)) : 0;
  const highest = lowest + 2 ** storedBits - 1;
  const { min, max } = extremes(data);
  const exact = given.slope ?? ((max - min) / (highest - lowest) || 1);
  const slope = Number(decimalString(exact));
  const intercept = Number(decimalString(given.intercept ?? min - slope * lowest));
  const pixelsPerSlice = shape[0] * shape[1];
  return {
    attributes: {
      BitsAllocated: 16,
      BitsStored: storedBits,
      HighBit: storedBits - 1,
      PixelRepresentation: signed ? 1 : 0,
      RescaleSlope: slope,
      RescaleIntercept: intercept,
    },
    slice(slice) {
      const values = data.subarray(slice * pixelsPerSlice, (slice + 1) * pixelsPerSlice);
      const mask = 2 ** storedBits - 1;
      const bytes = Buffer.alloc(2 * pixelsPerSlice);
      for (const [pixel, value] of values.entries()) {
        const stored = Math.round((value - intercept) / slope);
        // Rounding of slope and intercept may carry an extreme value one step over the edge.
        if (!(stored >= lowest - 1 && stored <= highest + 1)) {
          const reason = `a value does not fit ${storedBits} bits with this slope and intercept`;
          throw fail('unwritable-volume', { path: folder, reason });
        }
        bytes.writeUInt16LE(Math.min(Math.max(stored, lowest), highest) & mask, 2 * pixel);
      }
      return bytes;
    },
  };
}
