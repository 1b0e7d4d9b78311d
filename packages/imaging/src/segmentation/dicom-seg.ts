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
  /** Segments that frames are drawn with; of a LABELMAP, whose voxels say so, all that it declares. */
  readonly drawn: ReadonlySet<number>;
  /** Whether its frames start on bytes, which is not as PS3.5 8.1.1 has it; its length says so. */
  readonly isByteAligned: boolean;
  /** Whether a model of Fedvox drew all of it: a prediction, which is no truth to train on. */
  readonly isPrediction: boolean;
  /** Date and time of its content as DICOM writes them, so that they sort; empty where it has none. */
  readonly contentMoment: string;
  readonly framesOfReference: readonly string[];
  /** SpacingBetweenSlices and SliceThickness, as far as it says. */
  readonly spacingMm: number | undefined;
  readonly thicknessMm: number | undefined;
  readonly referencedSeriesUids: readonly string[];
  /** Images that it or one of its frames was drawn on. */
  readonly referencedSopUids: readonly string[];
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
export function readSegHeader(file: DicomFile): SegHeader {
  const { path, attributes } = file;
  const type = attributes.requireText('SegmentationType');
  if (type !== 'BINARY' && type !== 'FRACTIONAL' && type !== 'LABELMAP') {
    throw fail('unsupported-segmentation', { path, reason: 'its segmentation type is unknown' });
  }
  const bitsAllocated = attributes.requireInteger('BitsAllocated');
  const isStorable = type === 'BINARY' ? bitsAllocated === 1 : [8, 16].includes(bitsAllocated);
  if (!isStorable) throw attributes.bad('BitsAllocated', `it does not suit ${type}`);
  const [rows, columns] = [attributes.requireInteger('Rows'), attributes.requireInteger('Columns')];
  const segments = attributes.items('SegmentSequence').map((segment) => ({
    value: segment.requireInteger('SegmentNumber'),
    name: segment.words('SegmentLabel') ?? '',
  }));
  const frames = segFrames(attributes, type);
  const series = attributes.items('ReferencedSeriesSequence');
  const ofFrames = frames.flatMap(({ segmentNumber }) => segmentNumber ?? []);
  return {
    path,
    type,
    rows,
    columns,
    bitsAllocated: bitsAllocated as SegHeader['bitsAllocated'],
    maximumFractionalValue: attributes.integer('MaximumFractionalValue') ?? 255,
    segments,
    drawn: new Set(type === 'LABELMAP' ? segments.map(({ value }) => value) : ofFrames),
    isByteAligned: type === 'BINARY' && isByteAligned(file, rows * columns, frames.length),
    isPrediction: isPrediction(attributes),
    contentMoment: `${attributes.text('ContentDate') ?? ''}${attributes.text('ContentTime') ?? ''}`,
    framesOfReference: [attributes.text('FrameOfReferenceUID') ?? []].flat(),
    ...sliceMeasures(attributes),
    referencedSeriesUids: series.flatMap((each) => each.text('SeriesInstanceUID') ?? []),
    referencedSopUids: [
      ...new Set([
        ...sopsOf(series.flatMap((each) => each.items('ReferencedInstanceSequence'))),
        ...sopsOf(attributes.items('SourceImageSequence')),
        ...sourceImages([attributes]),
        ...frames.flatMap((frame) => frame.referencedSopUids),
      ]),
    ],
    frames,
  };
}

/**
 * Bits run on from frame to frame (PS3.5 8.1.1); some writers begin each frame on a byte. Both have
 * lengths of their own, but for frames of whole bytes, where they are the same.
 * @throws FedvoxError `unsupported-segmentation` for a length that is neither
 */
function isByteAligned({ path, pixelData }: DicomFile, pixels: number, frames: number): boolean {
  if (pixelData?.length === undefined) return false;
  const isPadded = (byteCount: number) =>
    pixelData.length === byteCount || pixelData.length === byteCount + (byteCount % 2);
  if (isPadded(Math.ceil((pixels * frames) / 8))) return false;
  const aligned = frames * Math.ceil(pixels / 8);
  if (isPadded(aligned)) return true;
  if (pixelData.length < aligned) return false; // cut short: its pixels will say so
  const reason = `its ${pixelData.length} bytes are not those of ${frames} frames of ${pixels} bits`;
  throw fail('unsupported-segmentation', { path, reason });
}

function sliceMeasures(attributes: Attributes): Pick<SegHeader, 'spacingMm' | 'thicknessMm'> {
  const groups = [
    ...attributes.items('SharedFunctionalGroupsSequence'),
    ...attributes.items('PerFrameFunctionalGroupsSequence').slice(0, 1),
  ];
  const measures = itemOf(groups, 'PixelMeasuresSequence') ?? attributes;
  const positive = (mm: number | undefined) => (mm !== undefined && mm > 0 ? mm : undefined);
  return {
    spacingMm: positive(measures.decimal('SpacingBetweenSlices')),
    thicknessMm: positive(measures.decimal('SliceThickness')),
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
  const derivations = groups.flatMap((group) => group.items('DerivationImageSequence'));
  return sopsOf(derivations.flatMap((derivation) => derivation.items('SourceImageSequence')));
}

function sopsOf(references: readonly Attributes[]): string[] {
  return references.flatMap((reference) => reference.text('ReferencedSOPInstanceUID') ?? []);
}
