import type { Size, SpacingMm } from '@fedvox/job';
import type { Fingerprint } from './fingerprint.js';
import { axisQuantile, perAxis } from './per-axis.js';

/** An axis is coarse whose voxels are so many times as long as any other's, and of which there are as many fewer. */
const COARSE = 3;

export interface TargetGrid {
  readonly spacingMm: SpacingMm;
  /** Voxels of the median case at this spacing. */
  readonly size: Size;
  /** The axis whose spacing is finer than the median, because its median is coarse. */
  readonly coarseAxis?: number;
}

/**
 * The grid that all scans are brought to: the median spacing of each axis, and of a coarse one the tenth
 * percentile, so that few scans lose planes (Isensee et al., Nature Methods 2021, supplementary note 4).
 */
export function targetGrid({
  spacingsMm,
  sizes,
}: Pick<Fingerprint, 'spacingsMm' | 'sizes'>): TargetGrid {
  const spacing = perAxis((axis) => axisQuantile(spacingsMm, axis, 0.5));
  const medianSize = perAxis((axis) => axisQuantile(sizes, axis, 0.5));
  const longest = spacing.indexOf(Math.max(...spacing));
  const others = [0, 1, 2].filter((axis) => axis !== longest);
  const nextSpacing = Math.max(...others.map((axis) => spacing[axis] as number));
  const nextSize = Math.min(...others.map((axis) => medianSize[axis] as number));
  const isCoarse =
    (spacing[longest] as number) > COARSE * nextSpacing &&
    COARSE * (medianSize[longest] as number) < nextSize;
  // Never finer than the other axes are.
  if (isCoarse) spacing[longest] = Math.max(axisQuantile(spacingsMm, longest, 0.1), nextSpacing);
  const atTarget = sizes.map((size, at) =>
    perAxis((axis) => (size[axis] * (spacingsMm[at] as SpacingMm)[axis]) / spacing[axis]),
  );
  const size = perAxis((axis) => Math.max(1, Math.round(axisQuantile(atTarget, axis, 0.5))));
  return { spacingMm: spacing, size, ...(isCoarse && { coarseAxis: longest }) };
}
