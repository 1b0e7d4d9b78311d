import type { Attributes } from '../dicom/attributes.js';
import type { DicomFile } from '../dicom/part10.js';
import { fail } from '../errors.js';
import type { Vec3 } from '../geometry/vector.js';
import type { NamedLabel } from './class-names.js';

export const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';

/** What a structure set says before its contours (PS3.3 A.19). */
export interface StructureSetHeader {
  readonly path: string;
  /** Regions of interest by their numbers. */
  readonly segments: readonly NamedLabel[];
  /** Numbers of the regions that have a closed contour: the others were named and never drawn. */
  readonly drawn: ReadonlySet<number>;
  /** Frames of reference that it is drawn in. */
  readonly framesOfReference: readonly string[];
  /** The one that a region is drawn in, where it says so. */
  readonly frameOfReferenceOf: ReadonlyMap<number, string>;
  readonly referencedSeriesUids: readonly string[];
  /** Images that its contours were drawn on. */
  readonly referencedSopUids: readonly string[];
}

/** A closed outline in one plane, in LPS+ mm; the last point joins the first. */
export interface Contour {
  readonly points: readonly Vec3[];
  /** Whether what it encloses is taken from what the others do, and added where they do not. */
  readonly isXor: boolean;
}

/** Most points of one contour; real ones have some thousands. */
const MAX_CONTOUR_POINTS = 1_000_000;

export function isStructureSet(attributes: Attributes): boolean {
  return attributes.text('SOPClassUID') === RT_STRUCTURE_SET_STORAGE;
}

/** @throws FedvoxError `missing-attribute`, `bad-attribute` */
export function readStructureSetHeader({ path, attributes }: DicomFile): StructureSetHeader {
  const frames = attributes.items('ReferencedFrameOfReferenceSequence');
  const regions = attributes.items('StructureSetROISequence');
  const series = frames
    .flatMap((frameOfReference) => frameOfReference.items('RTReferencedStudySequence'))
    .flatMap((study) => study.items('RTReferencedSeriesSequence'));
  const drawings = attributes.items('ROIContourSequence').map((region) => ({
    number: contourRegion(region),
    contours: region.items('ContourSequence'),
  }));
  const images = [...series, ...drawings.flatMap(({ contours }) => contours)]
    .flatMap((item) => item.items('ContourImageSequence'))
    .flatMap((image) => image.text('ReferencedSOPInstanceUID') ?? []);
  return {
    path,
    segments: regions.map((region) => ({
      value: region.decimal('ROINumber') ?? region.missing('ROINumber'),
      name: region.words('ROIName') ?? '',
    })),
    drawn: new Set(
      drawings.filter(({ contours }) => contours.some(isDrawn)).map(({ number }) => number),
    ),
    framesOfReference: frames.flatMap((frame) => frame.text('FrameOfReferenceUID') ?? []),
    frameOfReferenceOf: new Map(
      regions.flatMap((region): [number, string][] => {
        const uid = region.text('ReferencedFrameOfReferenceUID');
        return uid ? [[region.decimal('ROINumber') as number, uid]] : [];
      }),
    ),
    referencedSeriesUids: series.flatMap((each) => each.text('SeriesInstanceUID') ?? []),
    referencedSopUids: [...new Set(images)],
  };
}

/** Fewer points than these, or a line that stays open, enclose nothing. */
const FEWEST_POINTS = 3;

function isDrawn(contour: Attributes): boolean {
  const points = contour.decimal('NumberOfContourPoints') ?? FEWEST_POINTS;
  return isClosed(contour) && contour.has('ContourData') && points >= FEWEST_POINTS;
}

function isClosed(contour: Attributes): boolean {
  const type = contour.text('ContourGeometricType');
  return type === 'CLOSED_PLANAR' || type === 'CLOSEDPLANAR_XOR';
}

function contourRegion(region: Attributes): number {
  return region.decimal('ReferencedROINumber') ?? region.missing('ReferencedROINumber');
}

/**
 * The contours of each region, by its number. Points are none: they mark a place, and enclose nothing.
 * @throws FedvoxError `unsupported-segmentation` for open lines
 */
export function readContours(
  { path, attributes }: DicomFile,
  isWanted: (regionNumber: number) => boolean,
): Map<number, Contour[]> {
  const contours = new Map<number, Contour[]>();
  for (const region of attributes.items('ROIContourSequence')) {
    const number = contourRegion(region);
    if (!isWanted(number)) continue;
    const ofRegion = contours.get(number) ?? [];
    for (const item of region.items('ContourSequence')) {
      const type = item.requireText('ContourGeometricType');
      if (type === 'POINT') continue;
      if (!isClosed(item)) {
        throw fail('unsupported-segmentation', { path, reason: 'a contour is not closed' });
      }
      const points = pointsOf(item);
      if (points.length < FEWEST_POINTS) continue;
      ofRegion.push({ points, isXor: type === 'CLOSEDPLANAR_XOR' });
    }
    contours.set(number, ofRegion);
  }
  return contours;
}

function pointsOf(item: Attributes): readonly Vec3[] {
  const values = item.decimals('ContourData') ?? item.missing('ContourData');
  if (values.length % 3 !== 0 || values.length > 3 * MAX_CONTOUR_POINTS) {
    throw item.bad('ContourData', 'it is not a list of points');
  }
  return Array.from(
    { length: values.length / 3 },
    (_, index) => values.slice(3 * index, 3 * index + 3) as unknown as Vec3,
  );
}
