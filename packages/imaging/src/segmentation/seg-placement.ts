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
import { cross, distance, scale, type Vec3 } from '../geometry/vector.js';
import { groupBy } from '../group-by.js';
import type { SegFrame, SegHeader } from './dicom-seg.js';

/**
 * Where the pixels of a SEG frame lie in a volume: pixel (column, row) is voxel
 * `origin + column · alongRow + row · downColumn`. The steps are ±1 along one axis each.
 */
export interface FramePlacement {
  readonly origin: Vec3;
  readonly alongRow: Vec3;
  readonly downColumn: Vec3;
}

/** Positions in real files are off by up to 0.04 mm; more than this is another grid. */
const POSITION_TOLERANCE_MM = 0.1;

/**
 * Places each frame on the voxels of the stack: on the slice whose instance it refers to, or on the
 * slice at its position; its pixels may be a part of the slice, flipped or transposed, but must
 * coincide with voxels.
 * @throws FedvoxError `label-slice-missing`, `label-grid-mismatch`
 */
export function placeFrames(what: string, header: SegHeader, stack: Stack): FramePlacement[] {
  const indexFromRas = invert(stack.grid.affineRas);
  const slicesOfSop = groupBy(stack.frames.keys(), (slice) => sopOf(stack, slice));
  return header.frames.map((frame) => {
    const indexFromPixel = multiply(indexFromRas, planeAffineRas(frame.plane));
    const referred = new Set(frame.referencedSopUids.flatMap((uid) => slicesOfSop.get(uid) ?? []));
    const [slice = Math.round(indexFromPixel[11] as number)] =
      referred.size === 1 ? [...referred] : [];
    return placement(what, header, frame, stack, indexFromPixel, slice);
  });
}

function placement(
  what: string,
  { path, rows, columns }: SegHeader,
  { plane }: SegFrame,
  { grid }: Stack,
  indexFromPixel: Affine,
  slice: number,
): FramePlacement {
  if (slice < 0 || slice >= grid.shape[2]) throw fail('label-slice-missing', { path, what });
  const rounded = indexFromPixel.map((value, at) => (at === 11 ? slice : Math.round(value)));
  const columnOf = (at: number) => [0, 4, 8].map((row) => rounded[row + at]) as unknown as Vec3;
  const placed = { alongRow: columnOf(0), downColumn: columnOf(1), origin: columnOf(3) };
  const snapped = affineFromColumns(placed.alongRow, placed.downColumn, [0, 0, 1], placed.origin);
  const farPixels: Vec3[] = [
    [0, 0, 0],
    [columns - 1, 0, 0],
    [0, rows - 1, 0],
    [columns - 1, rows - 1, 0],
  ];
  const truth = planeAffineRas(plane);
  for (const pixel of farPixels) {
    const voxel = apply(snapped, pixel);
    const offMm = distance(apply(grid.affineRas, voxel), apply(truth, pixel));
    if (offMm > POSITION_TOLERANCE_MM) {
      const reason = `a frame is ${offMm.toFixed(2)} mm off the slice it belongs to`;
      throw fail('label-grid-mismatch', { path, reason });
    }
    if (voxel.some((index, axis) => index < 0 || index >= (grid.shape[axis] as number))) {
      throw fail('label-grid-mismatch', { path, reason: 'a frame reaches beyond its slice' });
    }
  }
  return placed;
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

/** The instance that holds a slice; an enhanced image holds many slices. */
function sopOf({ frames }: Stack, slice: number): string | undefined {
  return frames[slice]?.sopInstanceUid;
}
