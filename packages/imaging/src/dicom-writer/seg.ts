import { assert } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import type { LabelMap } from '../geometry/grid.js';
import { OWN_MANUFACTURER, SEGMENTATION_STORAGE } from '../segmentation/dicom-seg.js';
import { DICTIONARY } from './dictionary.js';
import { type DataSet, encodePart10, uidFrom } from './encode.js';
import { planesOf, slicePosition } from './plane.js';
import type { SeriesReference } from './reference.js';
import { studyAttributes } from './series.js';

export interface SegmentName {
  /** Value of the label map, and segment number: 1 or more. */
  readonly value: number;
  /** SegmentLabel. */
  readonly label: string;
}

export interface DicomSegOptions {
  /** Names the object: its UIDs are derived from it and from the series. */
  readonly identity: string;
  readonly createdAt: Date;
  readonly seriesDescription?: string;
  /** Who drew it: a model (the default) or a person. */
  readonly algorithm?:
    | { readonly type: 'AUTOMATIC'; readonly name: string }
    | { readonly type: 'MANUAL' };
}

interface SegFrame {
  readonly segment: SegmentName;
  readonly slice: number;
}

const MODEL = { type: 'AUTOMATIC', name: 'Fedvox' } as const;

/**
 * Writes a label map on its series' grid as a binary DICOM SEG (PS3.3 A.51): a frame for each slice
 * that holds any of a segment, or a blank one, whole or not at all.
 */
export async function writeDicomSeg(
  path: string,
  label: LabelMap,
  segments: readonly SegmentName[],
  reference: SeriesReference,
  options: DicomSegOptions,
): Promise<void> {
  assert(
    label.shape.every((size, axis) => size === reference.grid.shape[axis]),
    'a segmentation lies on the grid of its series',
  );
  const frames = framesToWrite(label, segments);
  const identity = `${reference.seriesUid}/${options.identity}`;
  const dataSet: DataSet = {
    ...studyAttributes(reference, options.createdAt),
    ...identification(identity, reference, options),
    ...pixelModule(label, frames.length),
    ...segmentModule(segments, options.algorithm ?? MODEL),
    ...functionalGroups(identity, path, label, frames, reference),
    PixelData: packBits(label, frames),
  };
  await writeFileDurably(path, encodePart10(dataSet));
}

/** A segment without a frame would be one that nobody looked for: an empty one has one that is blank. */
function framesToWrite({ data, shape }: LabelMap, segments: readonly SegmentName[]): SegFrame[] {
  assert(segments.length > 0, 'a segmentation has a segment');
  const pixels = shape[0] * shape[1];
  return segments.flatMap((segment) => {
    const frames = Array.from({ length: shape[2] }, (_, slice) => ({ segment, slice }));
    const present = frames.filter(({ slice }) =>
      data.subarray(slice * pixels, (slice + 1) * pixels).includes(segment.value),
    );
    return present.length > 0 ? present : frames.slice(0, 1);
  });
}

function identification(
  identity: string,
  reference: SeriesReference,
  { seriesDescription = 'Segmentation' }: DicomSegOptions,
): DataSet {
  return {
    SOPClassUID: SEGMENTATION_STORAGE,
    SOPInstanceUID: uidFrom(`${identity}/instance`),
    SeriesInstanceUID: uidFrom(`${identity}/series`),
    Modality: 'SEG',
    SeriesDescription: seriesDescription,
    SeriesNumber: 100,
    InstanceNumber: 1,
    FrameOfReferenceUID: reference.frameOfReferenceUid,
    ImageType: ['DERIVED', 'PRIMARY'],
    Manufacturer: OWN_MANUFACTURER,
    ManufacturerModelName: 'Fedvox',
    DeviceSerialNumber: '1',
    SoftwareVersions: '1',
    ContentLabel: 'SEGMENTATION',
    ContentDescription: '',
    ContentCreatorName: '',
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: reference.seriesUid,
        ReferencedInstanceSequence: reference.sopInstanceUids.map((uid) =>
          instanceReference(reference, uid),
        ),
      },
    ],
  };
}

function pixelModule({ shape }: LabelMap, frameCount: number): DataSet {
  return {
    Rows: shape[1],
    Columns: shape[0],
    NumberOfFrames: frameCount,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    LossyImageCompression: '00',
  };
}

function segmentModule(
  segments: readonly SegmentName[],
  algorithm: NonNullable<DicomSegOptions['algorithm']>,
): DataSet {
  return {
    SegmentationType: 'BINARY',
    SegmentsOverlap: 'NO',
    SegmentSequence: segments.map(({ value, label }) => ({
      SegmentNumber: value,
      SegmentLabel: label,
      SegmentAlgorithmType: algorithm.type,
      ...(algorithm.type === 'AUTOMATIC' ? { SegmentAlgorithmName: algorithm.name } : {}),
      SegmentedPropertyCategoryCodeSequence: [code('85756007', 'SCT', 'Tissue')],
      SegmentedPropertyTypeCodeSequence: [code('85756007', 'SCT', 'Tissue')],
    })),
  };
}

function functionalGroups(
  identity: string,
  path: string,
  label: LabelMap,
  frames: readonly SegFrame[],
  reference: SeriesReference,
): DataSet {
  const plane = planesOf(path, label);
  const dimensions = uidFrom(`${identity}/dimensions`);
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: dimensions }],
    DimensionIndexSequence: [
      dimension(dimensions, 'SegmentIdentificationSequence', 'ReferencedSegmentNumber'),
      dimension(dimensions, 'PlanePositionSequence', 'ImagePositionPatient'),
    ],
    SharedFunctionalGroupsSequence: [
      {
        PlaneOrientationSequence: [pick(plane, 'ImageOrientationPatient')],
        PixelMeasuresSequence: [
          pick(plane, 'PixelSpacing', 'SliceThickness', 'SpacingBetweenSlices'),
        ],
      },
    ],
    PerFrameFunctionalGroupsSequence: frames.map(({ segment, slice }) => ({
      DerivationImageSequence: [
        {
          DerivationCodeSequence: [code('113076', 'DCM', 'Segmentation')],
          SourceImageSequence: [
            {
              ...instanceReference(reference, reference.sopInstanceUids[slice] as string),
              PurposeOfReferenceCodeSequence: [
                code('121322', 'DCM', 'Source image for image processing operation'),
              ],
            },
          ],
        },
      ],
      FrameContentSequence: [{ DimensionIndexValues: [segment.value, slice + 1] }],
      PlanePositionSequence: [{ ImagePositionPatient: slicePosition(label, slice) }],
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment.value }],
    })),
  };
}

/** What frames are counted along: DimensionIndexValues has one entry for each. */
function dimension(organization: string, group: keyof DataSet, pointer: keyof DataSet): DataSet {
  return {
    DimensionOrganizationUID: organization,
    DimensionIndexPointer: DICTIONARY[pointer][0],
    FunctionalGroupPointer: DICTIONARY[group][0],
  };
}

/** Bits run on from frame to frame, least significant first (PS3.5 8.1.1). */
function packBits({ data, shape }: LabelMap, frames: readonly SegFrame[]): Uint8Array {
  const pixels = shape[0] * shape[1];
  const packed = new Uint8Array(Math.ceil((pixels * frames.length) / 8));
  for (const [index, { segment, slice }] of frames.entries()) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (data[slice * pixels + pixel] !== segment.value) continue;
      const bit = index * pixels + pixel;
      packed[bit >>> 3]! |= 1 << (bit & 7);
    }
  }
  return packed;
}

function instanceReference({ sopClassUid }: SeriesReference, uid: string): DataSet {
  return { ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: uid };
}

function code(value: string, scheme: string, meaning: string): DataSet {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

function pick(dataSet: DataSet, ...keywords: (keyof DataSet)[]): DataSet {
  return Object.fromEntries(keywords.map((keyword) => [keyword, dataSet[keyword]]));
}
