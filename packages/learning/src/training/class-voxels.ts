import type { Random } from '@fedvox/base';
import type { LabelMap } from '@fedvox/imaging';

/** Voxels of one class in a case. */
export interface ClassVoxels {
  /** The label's; 0 is background. */
  readonly value: number;
  readonly count: number;
  /** Where some of them lie, or all, in the order of the label map's voxels. */
  readonly voxels: Uint32Array;
}

/** Of a class in a case, as nnU-Net: 40 kB. */
const MAX_VOXELS = 10_000;

/**
 * Of each class that a label map has, in their order, so many voxels as are needed to draw one. Where they are too
 * many to keep, the class is cut into as many runs as are kept, and one is drawn of each: each voxel is as likely
 * as the next.
 */
export function classVoxels(
  { data }: LabelMap,
  random: Random,
  most = MAX_VOXELS,
): readonly ClassVoxels[] {
  const counts = new Float64Array(256);
  for (const value of data) counts[value]!++;
  const picks = [...counts].map((count, value) => ({
    ...{ value, count, ranks: ranksOf(count, most, () => random.fork(`class/${value}`)) },
    ...{ voxels: new Uint32Array(Math.min(count, most)), seen: 0, kept: 0 },
  }));
  for (let voxel = 0; voxel < data.length; voxel++) {
    const pick = picks[data[voxel] as number] as (typeof picks)[number];
    const rank = pick.seen++;
    while (pick.ranks[pick.kept] === rank) pick.voxels[pick.kept++] = voxel;
  }
  return picks
    .filter(({ count }) => count > 0)
    .map(({ value, count, voxels }) => ({ value, count, voxels }));
}

/** Which of a class's voxels are kept, by their number from 0, ascending. */
function ranksOf(count: number, most: number, stream: () => Random): Float64Array {
  if (count <= most) return Float64Array.from({ length: count }, (_, index) => index);
  const [random, run] = [stream(), count / most];
  return Float64Array.from({ length: most }, (_, index) =>
    Math.floor((index + random.uniform()) * run),
  );
}
