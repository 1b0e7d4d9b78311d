import { sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import { MAX_MAGNITUDE } from '../geometry/grid.js';
import { dot, length, type Vec3 } from '../geometry/vector.js';
import type { Attributes } from './attributes.js';
import { frameByteCount, type PixelFormat } from './codecs/pixel-format.js';
import { checkKind } from './image-kind.js';
import type { DicomFile } from './part10.js';
import type { TransferSyntax } from './transfer-syntax.js';

/** Where a frame's pixels lie, in DICOM's LPS+ millimetres (PS3.3 C.7.6.2). */
export interface FramePlane {
  /** Centre of the first pixel. */
  readonly positionLps: Vec3;
  /** Unit vector along a row: the direction of increasing column index. */
  readonly rowDirectionLps: Vec3;
  /** Unit vector down a column: the direction of increasing row index. */
  readonly columnDirectionLps: Vec3;
  /** Distance between neighbours in a row: PixelSpacing's second value. */
  readonly columnSpacingMm: number;
  /** Distance between neighbouring rows: PixelSpacing's first value. */
  readonly rowSpacingMm: number;
}

/** One 2D image of a series: a classic file is one frame, an enhanced file many. */
export interface Frame extends FramePlane {
  readonly path: string;
  readonly frameIndex: number;
  readonly sopInstanceUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string | undefined;
  /** See `CaseRef`. */
  readonly patientKey?: string | undefined;
  readonly studyUid?: string | undefined;
  readonly modality: string;
  readonly syntax: TransferSyntax;
  readonly format: PixelFormat;
  readonly slope: number;
  readonly intercept: number;
  /** Whether the file says slope and intercept; 1 and 0 where it does not. */
  readonly isRescaled: boolean;
  /** Stored values, from the lowest to the highest, that are none of the patient's (PS3.3 C.7.5.1.1.2). */
  readonly padding?: readonly [lowest: number, highest: number];
  /** In the order of `DIMENSION_NAMES`. */
  readonly dimensions: Dimensions;
}

/** Attributes that tell frames at the same position apart, the most telling first. */
export const DIMENSION_NAMES = [
  'TemporalPositionIdentifier',
  'TriggerTime',
  'EchoTime',
  'EchoNumbers',
  'DiffusionBValue',
  'AcquisitionNumber',
  'ImageType',
  'AcquisitionTime',
  'ContentTime',
] as const;

export type DimensionName = (typeof DIMENSION_NAMES)[number];
export type Dimensions = Readonly<Partial<Record<DimensionName, number | string | undefined>>>;

/** Most frames one file may declare. */
const MAX_FRAMES = 100_000;
/**
 * Compressed pixels that are more than this many times larger than their file holds are a lie: CT packs
 * 30 to 1 at most. Blank slices pack better, so that the first bytes of a file are believed.
 */
const MAX_EXPANSION = 128;
const BELIEVED_BYTES = 2048 * 2048 * 2;
/** Direction cosines are written with few decimals; more than this off is not a rotation. */
const COSINE_TOLERANCE = 1e-3;

/**
 * The frames of an image file, from its header alone.
 * @throws FedvoxError `missing-attribute`, `bad-attribute`, `mosaic`, `unsupported-pixels`, `corrupt-file`
 */
export function framesOf(file: DicomFile): Frame[] {
  const { path, syntax, attributes } = file;
  checkKind(attributes);
  const shared = attributes.item('SharedFunctionalGroupsSequence');
  const perFrame = attributes.items('PerFrameFunctionalGroupsSequence');
  const count = frameCount(attributes);
  if (attributes.text('ImageType')?.split('\\').includes('MOSAIC') === true) {
    throw fail('mosaic', { path });
  }
  if (count > 1 && perFrame.length !== count) {
    throw attributes.bad('NumberOfFrames', 'the file does not describe each of its frames');
  }
  const common = {
    path,
    syntax,
    sopInstanceUid: attributes.requireText('SOPInstanceUID'),
    seriesUid: attributes.requireText('SeriesInstanceUID'),
    frameOfReferenceUid: attributes.text('FrameOfReferenceUID'),
    patientKey: patientKeyOf(attributes.text('PatientID')),
    studyUid: attributes.text('StudyInstanceUID'),
    modality: attributes.requireText('Modality'),
    format: pixelFormat(attributes),
  };
  checkPixelsPresent(file, count * frameByteCount(common.format));
  const padding = paddingValues(attributes, common.format);
  return Array.from({ length: count }, (_, frameIndex) => {
    const groups = [perFrame[frameIndex], shared].filter((group) => group !== undefined);
    const plane = framePlane(attributes, groups);
    const scale = rescale(attributes, groups, common.format);
    const own = {
      frameIndex,
      dimensions: dimensions(attributes, groups),
      ...(padding === undefined ? {} : { padding }),
    };
    // A literal that spreads all of them makes several times its size of garbage.
    return Object.assign(own, common, plane, scale);
  });
}

/** De-identified files may leave the id empty. */
function patientKeyOf(patientId: string | undefined): string | undefined {
  const id = patientId?.trim() ?? '';
  return id === '' ? undefined : sha256(`patient/${id}`);
}

/**
 * A file cut short shows in its header already: it has fewer bytes than its frames need. So does a forged
 * size of compressed ones, for which a codec would work as long as for a true one.
 */
function checkPixelsPresent(
  { path, syntax, attributes, pixelData, byteCount }: DicomFile,
  needed: number,
): void {
  if (attributes.has('FloatPixelData') || attributes.has('DoubleFloatPixelData')) {
    throw unsupported(attributes, 'a parametric map of floating-point values');
  }
  if (pixelData === undefined) {
    throw fail('corrupt-file', { path, reason: 'it ends before its pixel data' });
  }
  const afterHeader = byteCount - pixelData.offset;
  if (syntax.pixels !== 'native') {
    if (needed <= BELIEVED_BYTES + MAX_EXPANSION * afterHeader) return;
    const reason = `${afterHeader} bytes cannot be the compressed pixels of ${needed}`;
    throw fail('corrupt-file', { path, reason });
  }
  const present = Math.min(pixelData.length ?? 0, afterHeader);
  if (present < needed) {
    throw fail('corrupt-file', {
      path,
      reason: `it has ${present} bytes of pixels where ${needed} are needed`,
    });
  }
}

/** Number of frames a file declares: 1 where it does not say. */
export function frameCount(attributes: Attributes): number {
  const count = attributes.decimal('NumberOfFrames') ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > MAX_FRAMES) {
    throw attributes.bad('NumberOfFrames', `it must be from 1 to ${MAX_FRAMES}`);
  }
  return count;
}

/**
 * Plane of one frame: from its functional groups (its own before the shared ones), or from the
 * top level of a classic file.
 */
export function framePlane(attributes: Attributes, groups: readonly Attributes[]): FramePlane {
  const position = itemOf(groups, 'PlanePositionSequence') ?? attributes;
  const orientation = itemOf(groups, 'PlaneOrientationSequence') ?? attributes;
  const measures = itemOf(groups, 'PixelMeasuresSequence') ?? attributes;
  const [rowSpacingMm, columnSpacingMm] = pixelSpacing(measures);
  return {
    positionLps: position.requireVec3('ImagePositionPatient'),
    ...directions(orientation),
    rowSpacingMm,
    columnSpacingMm,
  };
}

/** First item of a functional group's sequence, from the first group that has it. */
export function itemOf(
  groups: readonly Attributes[],
  keyword: Parameters<Attributes['item']>[0],
): Attributes | undefined {
  return groups.map((group) => group.item(keyword)).find((item) => item !== undefined);
}

function directions(
  attributes: Attributes,
): Pick<FramePlane, 'rowDirectionLps' | 'columnDirectionLps'> {
  const keyword = 'ImageOrientationPatient';
  const cosines = attributes.decimals(keyword) ?? attributes.missing(keyword);
  if (cosines.length !== 6) throw attributes.bad(keyword, 'it does not have six values');
  const row = cosines.slice(0, 3) as unknown as Vec3;
  const column = cosines.slice(3) as unknown as Vec3;
  const isRotation =
    Math.abs(length(row) - 1) < COSINE_TOLERANCE &&
    Math.abs(length(column) - 1) < COSINE_TOLERANCE &&
    Math.abs(dot(row, column)) < COSINE_TOLERANCE;
  if (!isRotation) throw attributes.bad(keyword, 'its directions are not unit and perpendicular');
  return { rowDirectionLps: row, columnDirectionLps: column };
}

function pixelSpacing(attributes: Attributes): readonly [number, number] {
  const values = attributes.decimals('PixelSpacing') ?? attributes.missing('PixelSpacing');
  if (values.length !== 2 || !values.every((value) => value > 0)) {
    throw attributes.bad('PixelSpacing', 'it must be two positive numbers');
  }
  return values as unknown as [number, number];
}

function rescale(
  attributes: Attributes,
  groups: readonly Attributes[],
  { bitsAllocated }: PixelFormat,
): Pick<Frame, 'slope' | 'intercept' | 'isRescaled'> {
  if (attributes.has('ModalityLUTSequence') && !attributes.has('RescaleSlope')) {
    throw unsupported(attributes, 'its values go through a modality lookup table');
  }
  const source = itemOf(groups, 'PixelValueTransformationSequence') ?? attributes;
  const slope = source.decimal('RescaleSlope') ?? 1;
  const intercept = source.decimal('RescaleIntercept') ?? 0;
  if (slope === 0) throw attributes.bad('RescaleSlope', 'it is 0');
  if (2 ** bitsAllocated * Math.abs(slope) + Math.abs(intercept) > MAX_MAGNITUDE) {
    const reason = `${slope} · pixel + ${intercept} may be larger than any scanner measures`;
    throw attributes.bad('RescaleSlope', reason);
  }
  const isRescaled = source.has('RescaleSlope') && source.has('RescaleIntercept');
  return { slope, intercept, isRescaled };
}

/** One value, or a range whose ends may stand in either order. Of the sign of the pixels. */
function paddingValues(
  attributes: Attributes,
  { signed }: PixelFormat,
): readonly [number, number] | undefined {
  const value = attributes.integer('PixelPaddingValue');
  if (value === undefined) return undefined;
  const limit = attributes.integer('PixelPaddingRangeLimit') ?? value;
  const [a, b] = [value, limit].map((each) => (signed && each > 0x7fff ? each - 0x10000 : each));
  return [Math.min(a as number, b as number), Math.max(a as number, b as number)];
}

function pixelFormat(attributes: Attributes): PixelFormat {
  const rows = attributes.requireInteger('Rows');
  const columns = attributes.requireInteger('Columns');
  if (rows === 0 || columns === 0) throw attributes.bad('Rows', 'the image has no pixels');
  const samples = attributes.integer('SamplesPerPixel') ?? 1;
  if (samples !== 1) throw unsupported(attributes, `${samples} samples per pixel`);
  const photometric = attributes.requireText('PhotometricInterpretation');
  if (photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2') {
    throw unsupported(attributes, 'it is not a grey-scale image');
  }
  const bitsAllocated = attributes.requireInteger('BitsAllocated');
  if (bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32) {
    throw unsupported(attributes, `${bitsAllocated} bits allocated per pixel`);
  }
  const bitsStored = attributes.integer('BitsStored') ?? bitsAllocated;
  const highBit = attributes.integer('HighBit') ?? bitsStored - 1;
  if (bitsStored < 1 || highBit >= bitsAllocated || highBit + 1 < bitsStored) {
    throw attributes.bad('BitsStored', 'it does not fit BitsAllocated and HighBit');
  }
  return {
    rows,
    columns,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: attributes.integer('PixelRepresentation') === 1,
    inverted: photometric === 'MONOCHROME1',
  };
}

/**
 * What tells the frames of a file apart from others, whether they can be read or not.
 * @throws FedvoxError `bad-attribute`
 */
export function dimensionsOf({ attributes }: DicomFile): Dimensions[] {
  const shared = attributes.items('SharedFunctionalGroupsSequence');
  const perFrame = attributes.items('PerFrameFunctionalGroupsSequence');
  if (perFrame.length === 0) return [dimensions(attributes, shared)];
  return perFrame.map((own) => dimensions(attributes, [own, ...shared]));
}

/** An enhanced file says echo and b-value of each frame (PS3.3 C.8.13.5.4, C.8.13.5.9). */
function dimensions(attributes: Attributes, groups: readonly Attributes[]): Dimensions {
  const echo = itemOf(groups, 'MREchoSequence')?.double('EffectiveEchoTime');
  const bValue = itemOf(groups, 'MRDiffusionSequence')?.double('DiffusionBValue');
  return {
    TemporalPositionIdentifier: attributes.decimal('TemporalPositionIdentifier'),
    TriggerTime: attributes.decimal('TriggerTime'),
    EchoTime: echo ?? attributes.decimal('EchoTime'),
    EchoNumbers: attributes.decimal('EchoNumbers'),
    DiffusionBValue: bValue ?? attributes.double('DiffusionBValue'),
    AcquisitionNumber: attributes.decimal('AcquisitionNumber'),
    ImageType: attributes.text('ImageType'),
    AcquisitionTime: attributes.text('AcquisitionTime'),
    ContentTime: attributes.text('ContentTime'),
  };
}

function unsupported(attributes: Attributes, reason: string): Error {
  return fail('unsupported-pixels', { path: attributes.path, reason });
}
