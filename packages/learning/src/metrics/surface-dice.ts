import type { SurfaceDistances } from './surfaces.js';

/**
 * Surface Dice: the part of both surfaces that lies within a tolerance of the other one (Nikolov et al., Journal of
 * Medical Internet Research 2021), counted in surface voxels as MONAI's `SurfaceDiceMetric` does.
 * @returns 0 where nothing of the structure was found; NaN where there is none, as of Dice
 */
export function surfaceDice(
  { predicted, reference }: SurfaceDistances,
  toleranceMm: number,
): number {
  if (reference.length === 0) return Number.NaN;
  const within = (distances: Float32Array) => distances.filter((mm) => mm <= toleranceMm).length;
  return (within(predicted) + within(reference)) / (predicted.length + reference.length);
}
