import type { Size, SpacingMm } from '@fedvox/job';

/** Along one axis a feature map is never halved below it. */
const SMALLEST = 4;
/** Axes are halved, and their kernels are 3, from where their voxels are less than so many times the shortest. */
const ALIKE = 2;
/** As many as a job can say. */
const MOST_LEVELS = 8;
const FIRST_FILTERS = 32;
const MOST_FILTERS = 320;

type PerAxis<Value> = [Value, Value, Value];

/** A network's levels, for one patch size and spacing. */
export interface NetworkShape {
  /** Of each level. */
  readonly filters: readonly number[];
  readonly kernelSize: readonly PerAxis<1 | 3>[];
  /** Between levels: one fewer. */
  readonly strides: readonly PerAxis<1 | 2>[];
  /** Of what a patch must be a multiple, along each axis. */
  readonly divisor: Size;
}

/**
 * As deep as the patch allows: an axis is halved while 4 voxels are left of it and its voxels are not twice as
 * long as the shortest; until then its kernel is 1, from then on 3 (Isensee et al., Nature Methods 2021,
 * supplementary note 4).
 */
export function networkShape(spacing: SpacingMm, patch: Size): NetworkShape {
  const [length, size]: [number[], number[]] = [[...spacing], [...patch]];
  const kernel: PerAxis<1 | 3> = [1, 1, 1];
  const levels: { kernel: PerAxis<1 | 3>; stride: PerAxis<1 | 2> }[] = [];
  while (levels.length < MOST_LEVELS - 1) {
    const large = [0, 1, 2].filter((axis) => (size[axis] as number) >= 2 * SMALLEST);
    const shortest = Math.min(...large.map((axis) => length[axis] as number));
    const halved = large.filter((axis) => (length[axis] as number) / shortest < ALIKE);
    const [only = 0] = halved;
    if (halved.length === 0) break;
    if (halved.length === 1 && (size[only] as number) < 3 * SMALLEST) break;
    const shortestOfAll = Math.min(...length);
    for (const axis of [0, 1, 2]) {
      if ((length[axis] as number) / shortestOfAll < ALIKE) kernel[axis] = 3;
    }
    const stride: PerAxis<1 | 2> = [1, 1, 1];
    for (const axis of halved) {
      stride[axis] = 2;
      length[axis] = 2 * (length[axis] as number);
      size[axis] = Math.ceil((size[axis] as number) / 2);
    }
    levels.push({ kernel: [...kernel], stride });
  }
  const strides = levels.map(({ stride }) => stride);
  return {
    filters: [...levels, undefined].map((_, level) =>
      Math.min(MOST_FILTERS, FIRST_FILTERS * 2 ** level),
    ),
    kernelSize: [...levels.map((level) => level.kernel), [3, 3, 3]],
    strides,
    divisor: [0, 1, 2].map((axis) =>
      strides.reduce((product, stride) => product * (stride[axis] as number), 1),
    ) as Size,
  };
}
