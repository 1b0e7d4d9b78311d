import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DataSet, encodePart10 } from '../dicom-writer/encode.js';
import { LABEL_MAP_SEGMENTATION_STORAGE, SEGMENTATION_STORAGE } from '../segmentation/dicom-seg.js';
import { RT_STRUCTURE_SET_STORAGE } from '../segmentation/rtstruct.js';

/** DICOM as other people's tools write it: every attribute as a test gives it, `undefined` leaves it out. */

export const SERIES = '2.25.100';
export const FRAME_OF_REFERENCE = '2.25.101';
export const SIZE = 16;
export const SLICE_MM = 2;
const SLICES = 6;
const CT_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

export const sopOf = (slice: number, series = SERIES): string => `${series}.${slice + 1}`;

const PATIENT: DataSet = { PatientName: 'Doe^Test', PatientID: 'PID-test-SECRET' };

/** Unsigned 16-bit pixels of a slice: its column plus ten times its row and a hundred times its number. */
export function slicePixels(slice: number, size = SIZE): number[] {
  return Array.from({ length: size * size }, (_, at) => {
    return (at % size) + 10 * Math.floor(at / size) + 100 * slice;
  });
}

/** One CT slice of 1 mm pixels at 2 mm steps, from the origin along +z. */
export function sliceDataSet(slice: number, series = SERIES): DataSet {
  return {
    ...PATIENT,
    SOPClassUID: CT_STORAGE,
    SOPInstanceUID: sopOf(slice, series),
    StudyInstanceUID: '2.25.99',
    SeriesInstanceUID: series,
    FrameOfReferenceUID: FRAME_OF_REFERENCE,
    Modality: 'CT',
    InstanceNumber: slice + 1,
    ImagePositionPatient: [0, 0, SLICE_MM * slice],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [1, 1],
    Rows: SIZE,
    Columns: SIZE,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    RescaleSlope: 1,
    RescaleIntercept: -1024,
    PixelData: words(slicePixels(slice)),
  };
}

export function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values, (value) => value & 0xffff).buffer);
}

/** Writes `s0.dcm`, … into a folder. */
export async function writeSlices(
  folder: string,
  change: (slice: number) => DataSet = () => ({}),
  count = SLICES,
): Promise<void> {
  for (let slice = 0; slice < count; slice++) {
    const dataSet = { ...sliceDataSet(slice), ...change(slice) };
    const name = `${String(dataSet.SeriesInstanceUID).replaceAll('.', '-')}-s${slice}.dcm`;
    await writeObject(join(folder, name), dataSet);
  }
}

export async function writeObject(path: string, dataSet: DataSet): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodePart10(dataSet));
}

type Point = readonly [x: number, y: number];

export interface WrittenContour {
  readonly points: readonly Point[];
  readonly z: number;
  readonly type?: string;
  /** The image that it says it was drawn on. */
  readonly sop?: string;
}

export interface WrittenRegion {
  readonly name: string;
  readonly contours: readonly WrittenContour[];
  readonly number?: number;
  readonly frameOfReference?: string | undefined;
}

/** A structure set of these regions, drawn on the series. */
export async function writeStructureSet(
  path: string,
  regions: readonly WrittenRegion[],
  change: DataSet = {},
): Promise<void> {
  const numberOf = (region: WrittenRegion, at: number) => region.number ?? at + 1;
  await writeObject(path, {
    ...PATIENT,
    SOPClassUID: RT_STRUCTURE_SET_STORAGE,
    SOPInstanceUID: '2.25.200.1',
    StudyInstanceUID: '2.25.99',
    SeriesInstanceUID: '2.25.200',
    Modality: 'RTSTRUCT',
    StructureSetLabel: 'x',
    ReferencedFrameOfReferenceSequence: [referencedSeries()],
    StructureSetROISequence: regions.map((region, at) => ({
      ROINumber: numberOf(region, at),
      ROIName: region.name,
      ReferencedFrameOfReferenceUID:
        'frameOfReference' in region ? region.frameOfReference : FRAME_OF_REFERENCE,
    })),
    ROIContourSequence: regions.map((region, at) => ({
      ReferencedROINumber: numberOf(region, at),
      ContourSequence: region.contours.map(({ points, z, type = 'CLOSED_PLANAR', sop }) => ({
        ContourGeometricType: type,
        NumberOfContourPoints: points.length,
        ContourData: points.flatMap(([x, y]) => [x, y, z]),
        ContourImageSequence: sop === undefined ? undefined : [{ ReferencedSOPInstanceUID: sop }],
      })),
    })),
    ...change,
  });
}

/** How a structure set names a series and its frame of reference. */
export function referencedSeries(
  series: string | undefined = SERIES,
  frameOfReference = FRAME_OF_REFERENCE,
): DataSet {
  return {
    FrameOfReferenceUID: frameOfReference,
    RTReferencedStudySequence: [{ RTReferencedSeriesSequence: [{ SeriesInstanceUID: series }] }],
  };
}

/** The outline of a rectangle of pixels whose first and last are given, both inside. */
export function rectangle(x0: number, y0: number, x1: number, y1: number): Point[] {
  return [
    [x0 - 0.5, y0 - 0.5],
    [x1 + 0.5, y0 - 0.5],
    [x1 + 0.5, y1 + 0.5],
    [x0 - 0.5, y1 + 0.5],
  ];
}

export interface WrittenFrame {
  readonly segment?: number;
  readonly position: readonly [number, number, number];
  readonly sops?: readonly string[];
  /** Stored value of a pixel. */
  readonly value: (column: number, row: number) => number;
}

export interface WrittenSeg {
  readonly frames: readonly WrittenFrame[];
  /** By segment number from 1 on, where no numbers are given. */
  readonly segments: readonly (string | { readonly name: string; readonly number: number })[];
  readonly type?: 'BINARY' | 'FRACTIONAL' | 'LABELMAP';
  readonly rows?: number;
  readonly columns?: number;
  readonly spacing?: readonly [rows: number, columns: number];
  readonly orientation?: readonly number[];
  readonly sliceMm?: number;
  /** Frames that start on bytes, as PS3.5 8.1.1 does not have it. */
  readonly isByteAligned?: boolean;
}

export async function writeSeg(path: string, seg: WrittenSeg, change: DataSet = {}): Promise<void> {
  const { frames, segments, type = 'BINARY', rows = SIZE, columns = SIZE } = seg;
  const bits = type === 'BINARY' ? 1 : 8;
  await writeObject(path, {
    ...PATIENT,
    SOPClassUID: type === 'LABELMAP' ? LABEL_MAP_SEGMENTATION_STORAGE : SEGMENTATION_STORAGE,
    SOPInstanceUID: '2.25.300.1',
    StudyInstanceUID: '2.25.99',
    SeriesInstanceUID: '2.25.300',
    FrameOfReferenceUID: FRAME_OF_REFERENCE,
    Modality: 'SEG',
    ReferencedSeriesSequence: [{ SeriesInstanceUID: SERIES }],
    Rows: rows,
    Columns: columns,
    NumberOfFrames: frames.length,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    SegmentationType: type,
    SegmentSequence: segments.map((segment, at) => ({
      SegmentNumber: typeof segment === 'string' ? at + 1 : segment.number,
      SegmentLabel: typeof segment === 'string' ? segment : segment.name,
      SegmentAlgorithmType: 'MANUAL',
    })),
    SharedFunctionalGroupsSequence: [
      {
        PlaneOrientationSequence: [
          { ImageOrientationPatient: seg.orientation ?? [1, 0, 0, 0, 1, 0] },
        ],
        PixelMeasuresSequence: [
          { PixelSpacing: seg.spacing ?? [1, 1], SliceThickness: seg.sliceMm ?? SLICE_MM },
        ],
      },
    ],
    PerFrameFunctionalGroupsSequence: frames.map(frameGroups),
    PixelData: segPixels(seg, rows, columns, bits),
    ...change,
  });
}

function frameGroups({ segment, position, sops }: WrittenFrame): DataSet {
  return {
    PlanePositionSequence: [{ ImagePositionPatient: position }],
    ...(segment === undefined
      ? {}
      : { SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment }] }),
    ...(sops === undefined
      ? {}
      : {
          DerivationImageSequence: [
            { SourceImageSequence: sops.map((sop) => ({ ReferencedSOPInstanceUID: sop })) },
          ],
        }),
  };
}

function segPixels(
  { frames, isByteAligned = false }: WrittenSeg,
  rows: number,
  columns: number,
  bits: number,
): Uint8Array {
  const perFrame = frames.map(({ value }) =>
    Array.from({ length: rows * columns }, (_, at) =>
      value(at % columns, Math.floor(at / columns)),
    ),
  );
  if (bits === 8) return Uint8Array.from(perFrame.flat());
  const padding = isByteAligned ? (8 - ((rows * columns) % 8)) % 8 : 0;
  const stored = perFrame.flatMap((frame) => [...frame, ...Array<number>(padding).fill(0)]);
  const packed = new Uint8Array(Math.ceil(stored.length / 8));
  for (const [at, bit] of stored.entries()) packed[at >>> 3]! |= bit << (at & 7);
  return packed;
}
