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

/** Grey tinted by the paint of a class. */
export function filled(grey: number, classIndex: number, place: Place): Vec3 {
  const [red, green, blue] = paintOf(classIndex, place);
  return [tinted(grey, red), tinted(grey, green), tinted(grey, blue)];
}

/** One part of the colour. */
export function tinted(grey: number, part: number): number {
  return Math.round(grey + FILL_OPACITY * (part - grey));
}
