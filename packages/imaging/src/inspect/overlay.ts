import type { LabelMap } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { type Place, paintOf } from './class-paint.js';

/** How much of a labelled pixel is its class's paint: the tissue shines through. */
export const FILL_OPACITY = 0.4;

/** What is drawn over a scan, on its grid. */
export interface Overlay {
  readonly label: LabelMap | undefined;
  readonly prediction: LabelMap | undefined;
}

/**
 * The colour of a pixel of a slice: grey, filled where it is labelled, and the prediction's outline over both.
 * @param neighbours steps to the voxels beside it in the slice
 */
export function pixelColour(
  grey: number,
  { label, prediction }: Overlay,
  at: number,
  place: Place,
  neighbours: readonly number[],
): Vec3 {
  const predicted = prediction?.data[at] ?? 0;
  const isOutline =
    predicted !== 0 && neighbours.some((step) => prediction?.data[at + step] !== predicted);
  if (isOutline) return paintOf(predicted, place);
  const labelled = label?.data[at] ?? 0;
  return labelled === 0 ? [grey, grey, grey] : filled(grey, labelled, place);
}

/** Grey tinted by the paint of a class. */
export function filled(grey: number, classIndex: number, place: Place): Vec3 {
  const [red, green, blue] = paintOf(classIndex, place);
  return [tinted(grey, red), tinted(grey, green), tinted(grey, blue)];
}

function tinted(grey: number, part: number): number {
  return Math.round(grey + FILL_OPACITY * (part - grey));
}
