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
  /** Frames of reference that it is drawn in. */
  readonly framesOfReference: readonly string[];
  readonly referencedSeriesUids: readonly string[];
}

/** A closed outline in one plane, in LPS+ mm; the last point joins the first. */
export type Contour = readonly Vec3[];

/** Most points of one contour; real ones have some thousands. */
const MAX_CONTOUR_POINTS = 1_000_000;

export function isStructureSet(attributes: Attributes): boolean {
  return attributes.text('SOPClassUID') === RT_STRUCTURE_SET_STORAGE;
}

/** @throws FedvoxError `missing-attribute`, `bad-attribute` */
export function readStructureSetHeader({ path, attributes }: DicomFile): StructureSetHeader {
  return {
    path,
    segments: attributes.items('StructureSetROISequence').map((region) => ({
      value: region.decimal('ROINumber') ?? region.missing('ROINumber'),
      name: region.words('ROIName') ?? '',
    })),
    framesOfReference: attributes
      .items('ReferencedFrameOfReferenceSequence')
      .flatMap((frameOfReference) => frameOfReference.text('FrameOfReferenceUID') ?? []),
    referencedSeriesUids: attributes
      .items('ReferencedFrameOfReferenceSequence')
      .flatMap((frameOfReference) => frameOfReference.items('RTReferencedStudySequence'))
      .flatMap((study) => study.items('RTReferencedSeriesSequence'))
      .map((series) => series.requireText('SeriesInstanceUID')),
  };
}

/**
 * The contours of each region, by its number.
 * @throws FedvoxError `unsupported-segmentation` for points and open lines, which enclose nothing
 */
export function readContours(
  { path, attributes }: DicomFile,
  isWanted: (regionNumber: number) => boolean,
): Map<number, Contour[]> {
  const contours = new Map<number, Contour[]>();
  for (const region of attributes.items('ROIContourSequence')) {
    const number = region.decimal('ReferencedROINumber') ?? region.missing('ReferencedROINumber');
    if (!isWanted(number)) continue;
    const ofRegion = contours.get(number) ?? [];
    for (const item of region.items('ContourSequence')) {
      const type = item.requireText('ContourGeometricType');
      if (type !== 'CLOSED_PLANAR' && type !== 'CLOSEDPLANAR_XOR') {
        throw fail('unsupported-segmentation', { path, reason: 'a contour is not closed' });
      }
      ofRegion.push(pointsOf(item));
    }
    contours.set(number, ofRegion);
  }
  return contours;
}

function pointsOf(item: Attributes): Contour {
  const values = item.decimals('ContourData') ?? item.missing('ContourData');
  if (values.length % 3 !== 0 || values.length > 3 * MAX_CONTOUR_POINTS) {
    throw item.bad('ContourData', 'it is not a list of points');
  }
  return Array.from(
    { length: values.length / 3 },
    (_, index) => values.slice(3 * index, 3 * index + 3) as unknown as Vec3,
  );
}
