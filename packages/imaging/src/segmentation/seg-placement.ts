import type { FramePlane } from '../dicom/frame.js';
import type { Stack } from '../dicom/stack.js';
import { fail } from '../errors.js';
import {
  type Affine,
  affineFromColumns,
  apply,
  invert,
  lpsToRas,
  multiply,
} from '../geometry/affine.js';
import type { Grid } from '../geometry/grid.js';
import { cross, scale, subtract, type Vec3 } from '../geometry/vector.js';
import { groupBy } from '../group-by.js';
import type { SegFrame, SegHeader } from './dicom-seg.js';
import { type FramePlacement, segGrid } from './seg-grid.js';

/** Where a SEG's frames lie: on the voxels of their image, or on a grid of their own, which is sampled. */
export interface SegPlacement {
  /** Of each frame. */
  readonly frames: readonly FramePlacement[];
  /** Absent where it is the image's. */
  readonly ownGrid?: Grid;
}

/** Positions in real files are off by some hundredths of a millimetre; more than this part of a voxel is another grid. */
const TOLERANCE_VOXELS = 0.1;

/**
 * Places each frame on the voxels of the stack: a part of a slice, flipped or transposed, whose pixels
 * coincide with voxels. Where those of any frame do not, all are placed on the grid that they form.
 * @throws FedvoxError `label-slice-missing`, `label-grid-mismatch`, `too-large`
 */
export function placeSegmentation(what: string, header: SegHeader, stack: Stack): SegPlacement {
  const indexFromRas = invert(stack.grid.affineRas);
  const slicesOfSop = groupBy(stack.frames.keys(), (slice) => stack.frames[slice]?.sopInstanceUid);
  const toVoxels = header.frames.map(({ plane }) => multiply(indexFromRas, planeAffineRas(plane)));
  const snapped = toVoxels.map((indexFromPixel) => onVoxels(header, indexFromPixel));
  const isOnGrid = snapped.every((placed) => placed !== undefined);
  const own = isOnGrid ? undefined : segGrid(header, stack.grid);
  for (const [at, frame] of header.frames.entries()) {
    const slice = (toVoxels[at] as Affine)[11] as number;
    checkReference(header, frame, slicesOfSop, slice, own?.sliceVoxels ?? 1);
  }
  if (own !== undefined) return { frames: own.placements, ownGrid: own.grid };
  const frames = snapped as FramePlacement[];
  for (const placed of frames) checkWithin(what, header, placed, stack.grid);
  return { frames };
}

/** The placement of a frame whose pixels coincide with voxels. */
function onVoxels(
  { rows, columns }: SegHeader,
  indexFromPixel: Affine,
): FramePlacement | undefined {
  const columnOf = (at: number) =>
    [0, 4, 8].map((row) => Math.round(indexFromPixel[row + at] as number)) as unknown as Vec3;
  const placed = { alongRow: columnOf(0), downColumn: columnOf(1), origin: columnOf(3) };
  if (!isStep(placed.alongRow) || !isStep(placed.downColumn)) return undefined;
  const snapped = affineFromColumns(placed.alongRow, placed.downColumn, [0, 0, 1], placed.origin);
  const isOff = farPixels(rows, columns).some((pixel) =>
    subtract(apply(snapped, pixel), apply(indexFromPixel, pixel)).some(
      (voxels) => !(Math.abs(voxels) <= TOLERANCE_VOXELS),
    ),
  );
  return isOff ? undefined : placed;
}

/** One voxel along one axis of a slice. */
function isStep([i, j, k]: Vec3): boolean {
  return k === 0 && Math.abs(i) + Math.abs(j) === 1;
}

/** A frame that says which slice it was drawn on must lie there. */
function checkReference(
  { path }: SegHeader,
  { referencedSopUids }: SegFrame,
  slicesOfSop: ReadonlyMap<string | undefined, readonly number[]>,
  slice: number,
  sliceVoxels: number,
): void {
  const referred = new Set(referencedSopUids.flatMap((uid) => slicesOfSop.get(uid) ?? []));
  const [only] = referred;
  // An enhanced image is one instance of many slices.
  if (only === undefined || referred.size > 1) return;
  const off = Math.abs(slice - only);
  if (off <= Math.max(0.5, sliceVoxels / 2) + TOLERANCE_VOXELS) return;
  const reason = `a frame is ${Number(off.toPrecision(3))} slices off the one that it refers to`;
  throw fail('label-grid-mismatch', { path, reason });
}

function checkWithin(
  what: string,
  { path, rows, columns }: SegHeader,
  { origin, alongRow, downColumn }: FramePlacement,
  { shape }: Grid,
): void {
  if (origin[2] < 0 || origin[2] >= shape[2]) throw fail('label-slice-missing', { path, what });
  const placed = affineFromColumns(alongRow, downColumn, [0, 0, 1], origin);
  const isBeyond = farPixels(rows, columns).some((pixel) =>
    apply(placed, pixel).some((index, axis) => index < 0 || index >= (shape[axis] as number)),
  );
  if (isBeyond) {
    throw fail('label-grid-mismatch', { path, reason: 'a frame reaches beyond its slice' });
  }
}

function farPixels(rows: number, columns: number): Vec3[] {
  return [
    [0, 0, 0],
    [columns - 1, 0, 0],
    [0, rows - 1, 0],
    [columns - 1, rows - 1, 0],
  ];
}

/** Pixel (column, row, steps of 1 mm along the normal) → RAS+ millimetres. */
function planeAffineRas(plane: FramePlane): Affine {
  const { rowDirectionLps, columnDirectionLps } = plane;
  return lpsToRas(
    affineFromColumns(
      scale(rowDirectionLps, plane.columnSpacingMm),
      scale(columnDirectionLps, plane.rowSpacingMm),
      cross(rowDirectionLps, columnDirectionLps),
      plane.positionLps,
    ),
  );
}
