import type { NamedLabel } from '../segmentation/class-names.js';
import type { FolderScan, ScannedSeries } from './folder-scan.js';
import type { SegmentationObject } from './headers/scanned-file.js';

/**
 * The segmentations that belong to a series: those that name it; where none that they name is here, those
 * drawn on its instances; and where they refer to nothing at all, those that share its frame of reference
 * with no other series.
 */
export function segmentationsOf(scan: FolderScan, series: ScannedSeries): SegmentationObject[] {
  const present = new Set(scan.series.map(({ uid }) => uid));
  const instances = new Set(series.frames.map(({ sopInstanceUid }) => sopInstanceUid));
  return scan.segmentations.filter((object) => {
    const { referencedSeriesUids, referencedSopUids } = object;
    if (referencedSeriesUids.some((uid) => present.has(uid))) {
      return referencedSeriesUids.includes(series.uid);
    }
    if (refersToSomething(object)) return referencedSopUids.some((uid) => instances.has(uid));
    const [only, ...others] = sharingFrameOfReference(scan, object);
    return only === series && others.length === 0;
  });
}

/**
 * What a segmentation draws of a series: not what it only names, and of a structure set, which may be drawn
 * in several, not what is in another frame of reference.
 */
export function drawnSegments(
  object: SegmentationObject,
  frameOfReferenceUid: string | undefined,
): NamedLabel[] {
  return object.segments.filter(({ value }) => {
    const own = object.kind === 'rtstruct' ? object.frameOfReferenceOf.get(value) : undefined;
    const isHere = own === undefined || [own, undefined].includes(frameOfReferenceUid);
    return isHere && object.drawn.has(value);
  });
}

/** Whether a segmentation says by itself which images it was drawn on. */
export function refersToSomething(object: SegmentationObject): boolean {
  return object.referencedSeriesUids.length > 0 || object.referencedSopUids.length > 0;
}

/** The series whose positions mean the same as a segmentation's. */
export function sharingFrameOfReference(
  { series }: FolderScan,
  object: SegmentationObject,
): ScannedSeries[] {
  return series.filter(({ frames }) =>
    frames.some(({ frameOfReferenceUid: uid }) => {
      return uid !== undefined && object.framesOfReference.includes(uid);
    }),
  );
}
