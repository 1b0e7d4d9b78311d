import { column } from './affine.js';
import { type Grid, spacingMm } from './grid.js';
import { dot } from './vector.js';

/** Drift of one axis along another that rounding can explain: in voxels over the whole volume, or of its length. */
const MAX_DRIFT_VOXELS = 0.05;
const MAX_DRIFT = 1e-3;

/**
 * How far a grid's axes are from right angles to each other, in degrees: 0 where no more than rounding is.
 * A volume converted from a tilted gantry has such axes, and its voxels' sides are not its spacing.
 */
export function shearDegrees(grid: Grid): number {
  const sides = spacingMm(grid);
  let worst = 0;
  for (const a of [0, 1, 2] as const) {
    for (const b of [0, 1, 2] as const) {
      if (a === b) continue;
      const cosine = Math.abs(
        dot(column(grid.affineRas, a), column(grid.affineRas, b)) / (sides[a] * sides[b]),
      );
      const lengthMm = grid.shape[b] * sides[b];
      const allowedMm = Math.max(MAX_DRIFT_VOXELS * sides[a], MAX_DRIFT * lengthMm);
      if (cosine * lengthMm > allowedMm) worst = Math.max(worst, cosine);
    }
  }
  return (Math.asin(Math.min(1, worst)) * 180) / Math.PI;
}
