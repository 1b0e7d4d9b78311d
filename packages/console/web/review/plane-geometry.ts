import type { OpenedCase, Plane, PlaneLayout } from '../../src/review/review-contract.js';

export type Voxel = readonly [number, number, number];
/** Columns and rows from the left upper pixel. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

export const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

type Axis = PlaneLayout['through'];

/** Where a voxel lies along an axis of a picture. */
export function placeAlong({ axis, isReversed }: Axis, voxel: Voxel, shape: Voxel): number {
  return isReversed ? shape[axis] - 1 - voxel[axis] : voxel[axis];
}

/** The voxel that lies elsewhere along an axis of a picture, never beyond the scan. */
export function movedAlong(axis: Axis, place: number, voxel: Voxel, shape: Voxel): Voxel {
  const last = shape[axis.axis] - 1;
  const within = Math.min(Math.max(Math.round(place), 0), last);
  const moved = [...voxel] as [number, number, number];
  moved[axis.axis] = axis.isReversed ? last - within : within;
  return moved;
}

export function pixelOf({ rightwards, downwards }: PlaneLayout, voxel: Voxel, shape: Voxel): Pixel {
  return {
    x: placeAlong(rightwards, voxel, shape),
    y: placeAlong(downwards, voxel, shape),
  };
}

/** The voxel at a pixel of the slice that a voxel lies in. */
export function voxelOf(layout: PlaneLayout, { x, y }: Pixel, voxel: Voxel, shape: Voxel): Voxel {
  return movedAlong(layout.downwards, y, movedAlong(layout.rightwards, x, voxel, shape), shape);
}

/** Of a picture of a plane, in pixels and as parts of the longest side that the scan has. */
export function pictureSize({ shape, spacingMm, planes }: OpenedCase, plane: Plane) {
  const { rightwards, downwards } = planes[plane];
  const lengthMm = (axis: 0 | 1 | 2) => shape[axis] * spacingMm[axis];
  const longest = Math.max(lengthMm(0), lengthMm(1), lengthMm(2));
  return {
    columns: shape[rightwards.axis],
    rows: shape[downwards.axis],
    wide: lengthMm(rightwards.axis) / longest,
    high: lengthMm(downwards.axis) / longest,
  };
}
