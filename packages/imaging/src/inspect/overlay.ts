import type { LabelMap } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';

/** A class's colour, in turn: Okabe and Ito's, told apart by every kind of colour vision, the bright ones first. */
const COLOURS: readonly Vec3[] = [
  [230, 159, 0],
  [86, 180, 233],
  [240, 228, 66],
  [204, 121, 167],
  [0, 158, 115],
  [213, 94, 0],
];
/** How much of a labelled pixel is its class's colour: the tissue shines through. */
export const FILL_OPACITY = 0.4;

export function colourOf(classIndex: number): Vec3 {
  return COLOURS[(classIndex - 1) % COLOURS.length] as Vec3;
}

/** What is drawn over a scan, on its grid. */
export interface Overlay {
  readonly label: LabelMap | undefined;
  readonly prediction: LabelMap | undefined;
}

/**
 * The colour of a pixel: grey, filled where it is labelled, and the prediction's outline over both.
 * @param neighbours steps to the voxels beside it in the slice
 */
export function pixelColour(
  grey: number,
  { label, prediction }: Overlay,
  at: number,
  neighbours: readonly number[],
): Vec3 {
  const predicted = prediction?.data[at] ?? 0;
  const isOutline =
    predicted !== 0 && neighbours.some((step) => prediction?.data[at + step] !== predicted);
  if (isOutline) return colourOf(predicted);
  const labelled = label?.data[at] ?? 0;
  return labelled === 0 ? [grey, grey, grey] : filled(grey, labelled);
}

/** Grey tinted by the colour of a class. */
export function filled(grey: number, classIndex: number): Vec3 {
  return colourOf(classIndex).map((part) =>
    Math.round(grey + FILL_OPACITY * (part - grey)),
  ) as unknown as Vec3;
}
