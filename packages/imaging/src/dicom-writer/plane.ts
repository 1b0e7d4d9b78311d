import { fail } from '../errors.js';
import { apply, column, rasToLps } from '../geometry/affine.js';
import { type Grid, spacingMm } from '../geometry/grid.js';
import { dot, normalize, type Vec3 } from '../geometry/vector.js';
import type { DataSet } from './encode.js';

const MAX_COSINE = 1e-4;

/**
 * The attributes that all slices of a grid share: i runs along rows, j down columns, k from slice to
 * slice.
 * @throws FedvoxError `unwritable-volume` when the axes are not perpendicular
 */
export function planesOf(path: string, grid: Grid): DataSet {
  const { alongRow, downColumn, normal } = directions(grid);
  const cosines = [dot(alongRow, downColumn), dot(alongRow, normal), dot(downColumn, normal)];
  if (cosines.some((cosine) => Math.abs(cosine) > MAX_COSINE)) {
    throw fail('unwritable-volume', { path, reason: 'its axes are not perpendicular' });
  }
  const [columnSpacing, rowSpacing, sliceSpacing] = spacingMm(grid);
  return {
    Rows: grid.shape[1],
    Columns: grid.shape[0],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelSpacing: [rowSpacing, columnSpacing],
    SliceThickness: sliceSpacing,
    SpacingBetweenSlices: sliceSpacing,
    ImageOrientationPatient: [...alongRow, ...downColumn],
  };
}

/** ImagePositionPatient of slice k: the centre of its first pixel, LPS+ mm. */
export function slicePosition({ affineRas }: Grid, slice: number): Vec3 {
  return apply(rasToLps(affineRas), [0, 0, slice]);
}

function directions({ affineRas }: Grid): Record<'alongRow' | 'downColumn' | 'normal', Vec3> {
  const affineLps = rasToLps(affineRas);
  return {
    alongRow: normalize(column(affineLps, 0)),
    downColumn: normalize(column(affineLps, 1)),
    normal: normalize(column(affineLps, 2)),
  };
}
