import type { Attributes } from '../dicom/attributes.js';
import { type FramePlane, frameCount, framePlane, itemOf } from '../dicom/frame.js';
import type { DicomFile } from '../dicom/part10.js';
import { fail } from '../errors.js';
import type { NamedLabel } from './class-names.js';

export const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
export const LABEL_MAP_SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.7';

/** Manufacturer of the objects that Fedvox writes. */
export const OWN_MANUFACTURER = 'Fedvox';

/** How a SEG stores its voxels (PS3.3 C.8.20.2). */
export type SegmentationType = 'BINARY' | 'FRACTIONAL' | 'LABELMAP';

/** What a SEG says before its pixels: enough to match it to a series and to the job's classes. */
export interface SegHeader {
  readonly path: string;
  readonly type: SegmentationType;
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 1 | 8 | 16;
  /** Value that means "all of the voxel"; 255 but for FRACTIONAL objects that say otherwise. */
  readonly maximumFractionalValue: number;
  readonly segments: readonly NamedLabel[];
  /** Whether a model of Fedvox drew all of it: a prediction, which is no truth to train on. */
  readonly isPrediction: boolean;
  /** Date and time of its content as DICOM writes them, so that they sort; empty where it has none. */
  readonly contentMoment: string;
  readonly frameOfReferenceUid: string | undefined;
  readonly referencedSeriesUids: readonly string[];
  readonly frames: readonly SegFrame[];
}

export interface SegFrame {
  readonly frameIndex: number;
  /** Absent for LABELMAP, whose voxels carry the segment number. */
  readonly segmentNumber: number | undefined;
  /** Images that the frame was drawn on. */
  readonly referencedSopUids: readonly string[];
  readonly plane: FramePlane;
}

export function isSegmentation(attributes: Attributes): boolean {
  const sopClass = attributes.text('SOPClassUID');
  return sopClass === SEGMENTATION_STORAGE || sopClass === LABEL_MAP_SEGMENTATION_STORAGE;
}

/**
 * Reads the description of a SEG (PS3.3 A.51).
 * @throws FedvoxError `unsupported-segmentation`, `missing-attribute`, `bad-attribute`
 */
export function readSegHeader({ path, attributes }: DicomFile): SegHeader {
  const type = attributes.requireText('SegmentationType');
  if (type !== 'BINARY' && type !== 'FRACTIONAL' && type !== 'LABELMAP') {
    throw fail('unsupported-segmentation', { path, reason: 'its segmentation type is unknown' });
  }
  const bitsAllocated = attributes.requireInteger('BitsAllocated');
  const isStorable = type === 'BINARY' ? bitsAllocated === 1 : [8, 16].includes(bitsAllocated);
  if (!isStorable) throw attributes.bad('BitsAllocated', `it does not suit ${type}`);
  return {
    path,
    type,
    rows: attributes.requireInteger('Rows'),
    columns: attributes.requireInteger('Columns'),
    bitsAllocated: bitsAllocated as SegHeader['bitsAllocated'],
    maximumFractionalValue: attributes.integer('MaximumFractionalValue') ?? 255,
    segments: attributes.items('SegmentSequence').map((segment) => ({
      value: segment.requireInteger('SegmentNumber'),
      name: segment.words('SegmentLabel') ?? '',
    })),
    isPrediction: isPrediction(attributes),
    contentMoment: `${attributes.text('ContentDate') ?? ''}${attributes.text('ContentTime') ?? ''}`,
    frameOfReferenceUid: attributes.text('FrameOfReferenceUID'),
    referencedSeriesUids: attributes
      .items('ReferencedSeriesSequence')
      .map((series) => series.requireText('SeriesInstanceUID')),
    frames: segFrames(attributes, type),
  };
}

/** A person who corrects a prediction stores it with a tool that signs it, or as SEMIAUTOMATIC. */
function isPrediction(attributes: Attributes): boolean {
  const drawnBy = attributes
    .items('SegmentSequence')
    .map((segment) => segment.text('SegmentAlgorithmType'));
  return (
    attributes.text('Manufacturer') === OWN_MANUFACTURER &&
    drawnBy.every((type) => type === 'AUTOMATIC')
  );
}

function segFrames(attributes: Attributes, type: SegmentationType): SegFrame[] {
  const shared = attributes.item('SharedFunctionalGroupsSequence');
  const perFrame = attributes.items('PerFrameFunctionalGroupsSequence');
  if (perFrame.length !== frameCount(attributes)) {
    throw attributes.bad('NumberOfFrames', 'the file does not describe each of its frames');
  }
  return perFrame.map((own, frameIndex) => {
    const groups = shared === undefined ? [own] : [own, shared];
    const segment = itemOf(groups, 'SegmentIdentificationSequence');
    const segmentNumber = segment?.requireInteger('ReferencedSegmentNumber');
    if (segmentNumber === undefined && type !== 'LABELMAP') {
      attributes.missing('ReferencedSegmentNumber');
    }
    return {
      frameIndex,
      segmentNumber: type === 'LABELMAP' ? undefined : segmentNumber,
      referencedSopUids: sourceImages(groups),
      plane: framePlane(attributes, groups),
    };
  });
}

function sourceImages(groups: readonly Attributes[]): string[] {
  return groups
    .flatMap((group) => group.items('DerivationImageSequence'))
    .flatMap((derivation) => derivation.items('SourceImageSequence'))
    .map((source) => source.text('ReferencedSOPInstanceUID'))
    .filter((uid) => uid !== undefined);
}
