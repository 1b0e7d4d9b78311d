import { fail } from '../errors.js';
import { affineFromColumns, isUsable, lpsToRas } from '../geometry/affine.js';
import { type Grid, MAX_VOXELS, spacingMm, voxelCount } from '../geometry/grid.js';
import { add, cross, distance, dot, scale, subtract, type Vec3 } from '../geometry/vector.js';
import type { SegFrame, SegHeader } from './dicom-seg.js';

/**
 * Where the pixels of a SEG frame lie in a grid: pixel (column, row) is voxel
 * `origin + column · alongRow + row · downColumn`. The steps are ±1 along one axis each.
 */
export interface FramePlacement {
  readonly origin: Vec3;
  readonly alongRow: Vec3;
  readonly downColumn: Vec3;
}

/** The grid that the frames of a SEG form, and where they lie in it. */
export interface SegGrid {
  readonly grid: Grid;
  readonly placements: readonly FramePlacement[];
  /** Distance of its slices in those of the image. */
  readonly sliceVoxels: number;
}

/** Frames of one grid are no further from it than this, in parts of a pixel or of a step. */
const TOLERANCE = 0.1;
const SAME_COSINE = 1e-3;
const SAME_SPACING = 1e-3;
/** Middles between two of its voxels all go to the lower one when it is sampled, as they do when an image is halved. */
const TIE_BREAK_VOXELS = 1e-5;

/**
 * The grid of a SEG that does not share its image's: parallel frames at even steps. Frames where nothing is
 * drawn may be left out, so that its steps are what it says of them before they are what is seen.
 * @param image grid of the image, whose step a lone frame has that says nothing
 * @throws FedvoxError `label-grid-mismatch`, `too-large`
 */
export function segGrid(header: SegHeader, image: Grid): SegGrid {
  const { path, rows, columns, frames } = header;
  const [first] = frames as readonly [SegFrame];
  if (!frames.every((frame) => isParallel(frame, first))) {
    throw mismatch(path, 'its frames differ in orientation or pixel spacing');
  }
  const { rowDirectionLps, columnDirectionLps, rowSpacingMm, columnSpacingMm } = first.plane;
  const normal = cross(rowDirectionLps, columnDirectionLps);
  const heightsMm = frames.map(({ plane }) => dot(plane.positionLps, normal));
  const lowestMm = Math.min(...heightsMm);
  const stepMm = stepOf(header, heightsMm, image);
  const slices = heightsMm.map((height) => Math.round((height - lowestMm) / stepMm));
  const origin = frames[heightsMm.indexOf(lowestMm)]?.plane.positionLps as Vec3;
  const pixelMm = Math.min(rowSpacingMm, columnSpacingMm);
  const isOff = frames.some(({ plane }, at) => {
    const off = subtract(plane.positionLps, add(origin, scale(normal, stepMm * slices[at]!)));
    const alongMm = Math.abs(dot(off, normal));
    const sidewaysMm = distance(off, scale(normal, dot(off, normal)));
    return alongMm > TOLERANCE * stepMm || sidewaysMm > TOLERANCE * pixelMm;
  });
  if (isOff) throw mismatch(path, 'its frames do not lie on one grid');
  const affineLps = affineFromColumns(
    scale(rowDirectionLps, columnSpacingMm),
    scale(columnDirectionLps, rowSpacingMm),
    scale(normal, stepMm),
    add(origin, scale(diagonal(first, stepMm), TIE_BREAK_VOXELS)),
  );
  const shape: Vec3 = [columns, rows, Math.max(...slices) + 1];
  const grid = { shape, affineRas: lpsToRas(affineLps) };
  const voxels = voxelCount(grid);
  if (voxels > MAX_VOXELS) throw fail('too-large', { what: path, voxels, limit: MAX_VOXELS });
  if (!isUsable(grid.affineRas)) throw mismatch(path, 'its positions and spacings give no grid');
  const placements = slices.map((slice) => ({
    origin: [0, 0, slice] as const,
    alongRow: [1, 0, 0] as const,
    downColumn: [0, 1, 0] as const,
  }));
  return { grid, placements, sliceVoxels: stepMm / spacingMm(image)[2] };
}

function isParallel({ plane: a }: SegFrame, { plane: b }: SegFrame): boolean {
  return (
    distance(a.rowDirectionLps, b.rowDirectionLps) < SAME_COSINE &&
    distance(a.columnDirectionLps, b.columnDirectionLps) < SAME_COSINE &&
    Math.abs(a.rowSpacingMm / b.rowSpacingMm - 1) < SAME_SPACING &&
    Math.abs(a.columnSpacingMm / b.columnSpacingMm - 1) < SAME_SPACING
  );
}

/**
 * The step that the frames' heights are multiples of: the declared one; else the one that they all have; else
 * their thickness. Frames that none of these explains are no grid that some were left out of.
 */
function stepOf(header: SegHeader, heightsMm: readonly number[], image: Grid): number {
  const { path, spacingMm: declaredMm, thicknessMm = spacingMm(image)[2] } = header;
  const heights = heightsMm.toSorted((a, b) => a - b);
  const shortest = TOLERANCE * Math.min(declaredMm ?? thicknessMm, thicknessMm);
  const steps = heights
    .slice(1)
    .map((height, at) => height - (heights[at] as number))
    .filter((step) => step > shortest);
  const areMultiples = (unit: number) =>
    steps.every((step) => Math.abs(step / unit - Math.round(step / unit)) <= TOLERANCE);
  if (declaredMm !== undefined && areMultiples(declaredMm)) return declaredMm;
  const [first = 0] = steps;
  const areEqual = steps.every((step) => Math.abs(step / first - 1) <= TOLERANCE);
  if (steps.length > 1 && areEqual) return steps.reduce((sum, step) => sum + step) / steps.length;
  if (areMultiples(thicknessMm)) return thicknessMm;
  if (steps.length === 1) return first;
  const reason = 'its frames lie at uneven distances';
  throw mismatch(path, reason);
}

/** From one voxel to the next along all axes. */
function diagonal({ plane }: SegFrame, stepMm: number): Vec3 {
  const { rowDirectionLps, columnDirectionLps, rowSpacingMm, columnSpacingMm } = plane;
  const normal = cross(rowDirectionLps, columnDirectionLps);
  const inPlane = add(
    scale(rowDirectionLps, columnSpacingMm),
    scale(columnDirectionLps, rowSpacingMm),
  );
  return add(inPlane, scale(normal, stepMm));
}

function mismatch(path: string, reason: string): Error {
  return fail('label-grid-mismatch', { path, reason });
}
