import type { DicomFile } from '../dicom/part10.js';
import type { Stack } from '../dicom/stack.js';
import { fail } from '../errors.js';
import { apply, IDENTITY, invert, lpsToRas, multiply } from '../geometry/affine.js';
import type { Vec3 } from '../geometry/vector.js';
import { groupBy } from '../group-by.js';
import type { ClassOfValue } from './class-names.js';
import { forEachEnclosedPixel } from './even-odd.js';
import type { LabelCanvas } from './label-canvas.js';
import { readContours } from './rtstruct.js';

/** A contour must keep to its slice this closely, in slices. */
const MAX_OFF_SLICE = 0.5;

/**
 * Marks what a structure set's contours enclose: pixel centres by the even-odd rule, all contours of a
 * region on a slice taken together, so that one inside another is a hole.
 * @throws FedvoxError `label-slice-missing`, `label-grid-mismatch`, `unsupported-segmentation`,
 *   `overlapping-segments`
 */
export function paintContours(
  what: string,
  file: DicomFile,
  { grid }: Stack,
  classOf: ClassOfValue,
  canvas: LabelCanvas,
): void {
  const indexFromLps = multiply(invert(grid.affineRas), lpsToRas(IDENTITY));
  const [nx, ny, nz] = grid.shape;
  const wanted = (region: number) => (classOf.get(region) ?? 0) > 0;
  for (const [region, contours] of readContours(file, wanted)) {
    const outlines = contours.map((contour) => contour.map((point) => apply(indexFromLps, point)));
    const bySlice = groupBy(outlines, (outline) => sliceOf(file.path, outline));
    for (const [slice, onSlice] of bySlice) {
      if (slice < 0 || slice >= nz) throw fail('label-slice-missing', { path: file.path, what });
      forEachEnclosedPixel(onSlice, nx, ny, (pixel) => {
        canvas.mark(file.path, slice * nx * ny + pixel, classOf.get(region) as number);
      });
    }
  }
}

function sliceOf(path: string, outline: readonly Vec3[]): number {
  const heights = outline.map(([, , k]) => k);
  const slice = Math.round(heights.reduce((sum, k) => sum + k, 0) / heights.length);
  if (heights.some((k) => Math.abs(k - slice) > MAX_OFF_SLICE)) {
    throw fail('label-grid-mismatch', { path, reason: 'a contour runs across slices' });
  }
  return slice;
}
