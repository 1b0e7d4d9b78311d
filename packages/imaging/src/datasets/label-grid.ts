import { fail } from '../errors.js';
import { cornerDistanceMm, type Grid } from '../geometry/grid.js';

/** Image and label are written with float32 affines; more than this apart is another grid. */
const GRID_TOLERANCE_MM = 0.1;

/**
 * Asserts that a label file lies on the grid of its image.
 * @throws FedvoxError `label-grid-mismatch`
 */
export function checkSameGrid(path: string, image: Grid, label: Grid): void {
  const apartMm = cornerDistanceMm(image, label);
  if (apartMm <= GRID_TOLERANCE_MM) return;
  const reason =
    apartMm === Number.POSITIVE_INFINITY
      ? 'its matrix is another'
      : `its corners are ${apartMm.toFixed(2)} mm off`;
  throw fail('label-grid-mismatch', { path, reason });
}
