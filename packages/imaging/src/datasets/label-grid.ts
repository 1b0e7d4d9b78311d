import { fail } from '../errors.js';
import { apply, invert, multiply } from '../geometry/affine.js';
import { corners, type Grid, orientation, spacingMm } from '../geometry/grid.js';
import { subtract, type Vec3 } from '../geometry/vector.js';

/** Image and label are written with float32 affines; more than this part of a voxel apart is another grid. */
const TOLERANCE_VOXELS = 0.1;

/**
 * Asserts that a label file lies on the grid of its image.
 * @throws FedvoxError `label-grid-mismatch`, saying in what they differ
 */
export function checkSameGrid(path: string, image: Grid, label: Grid): void {
  const reason = otherGrid(image, label);
  if (reason !== undefined) throw fail('label-grid-mismatch', { path, reason });
}

function otherGrid(image: Grid, label: Grid): string | undefined {
  const matrix = ({ shape }: Grid) => shape.join(' × ');
  if (matrix(image) !== matrix(label)) {
    return `its matrix is ${matrix(label)}, that of the image ${matrix(image)}`;
  }
  const indexOf = multiply(invert(image.affineRas), label.affineRas);
  const off = corners(image.shape).map((corner) => subtract(apply(indexOf, corner), corner));
  const worst = ([0, 1, 2] as const).map((axis) =>
    off.reduce((most, each) => (Math.abs(each[axis]) > Math.abs(most) ? each[axis] : most), 0),
  ) as unknown as Vec3;
  if (worst.every((voxels) => Math.abs(voxels) <= TOLERANCE_VOXELS)) return undefined;
  const [axes, ofImage] = [orientation(label), orientation(image)];
  if (axes !== ofImage) return `its axes run ${axes}, those of the image ${ofImage}`;
  const sides = (grid: Grid) => spacingMm(grid).map(brief).join(' × ');
  if (sides(label) !== sides(image)) {
    return `its voxels are ${sides(label)} mm, those of the image ${sides(image)} mm`;
  }
  const isShift = off.every((each) =>
    each.every((value, axis) => Math.abs(value - worst[axis]!) < 0.01),
  );
  return isShift
    ? `it is shifted by ${worst.map(brief).join(', ')} voxels`
    : `it is turned: its corners are up to ${brief(Math.max(...worst.map(Math.abs)))} voxels off`;
}

/** Three digits, and no more than three behind the point. */
function brief(value: number): number {
  return Number(Number(value.toPrecision(3)).toFixed(3));
}
