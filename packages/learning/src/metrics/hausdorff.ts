import { quantileOf } from '@fedvox/base';
import type { SurfaceDistances } from './surfaces.js';

/**
 * 95 % Hausdorff distance in mm between two structures: from every surface voxel of each to the
 * nearest surface voxel of the other, the 95th percentile each way, the larger of the two. As MONAI's
 * `HausdorffDistanceMetric(percentile=95)`.
 * @returns NaN where either structure is empty
 */
export function hausdorff95Mm({ predicted, reference }: SurfaceDistances): number {
  if (predicted.length === 0 || reference.length === 0) return Number.NaN;
  return Math.max(quantileOf(predicted, 0.95), quantileOf(reference, 0.95));
}
