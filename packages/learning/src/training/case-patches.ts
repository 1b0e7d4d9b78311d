import type { Random } from '@fedvox/base';
import { type Box, patchStart, type Vec3 } from '@fedvox/imaging';
import type { PatchesSpec, SamplingKind, SamplingSpec } from '@fedvox/job';
import type { EpochPlace, LoadCase } from './batches.js';
import type { TrainingCase } from './case-store.js';
import type { ClassVoxels } from './class-voxels.js';

/** A prepared case of which patches are read, without the whole of it in memory. */
export interface PatchSource {
  readonly shape: Vec3;
  readonly classes: readonly ClassVoxels[];
  readonly read: (box: Box) => Promise<TrainingCase>;
}

/**
 * The patches that an epoch shows of a case. Where one lies is a function of the epoch's stream, the case and the
 * patch's number, and of its place in the batch where the job's sampling goes by batches.
 * @param stream the name of the case's own stream in each epoch
 */
export function patchesOf(
  { shape, classes, read }: PatchSource,
  { size, perCase, sampling }: PatchesSpec,
  stream: string,
): LoadCase[] {
  return Array.from({ length: perCase }, (_, patch) => (place) => {
    const ofCase = place.epoch.fork(`patches/${stream}`);
    const target = SAMPLINGS[sampling.kind](sampling as never, { ...place, patch, ofCase });
    const random = ofCase.fork(String(patch));
    const voxel = voxelOf(target, classes, random);
    const start =
      voxel === undefined
        ? anywhere(size, shape, random)
        : patchStart(indicesOf(voxel, shape), size, shape);
    return read({ start, size });
  });
}

/** What a patch's centre is: a voxel of any foreground class, or of one drawn first; background; or anything. */
type Target = 'foreground' | 'class' | 'background' | 'anything';

interface PatchPlace extends EpochPlace {
  /** Its number among its case's, from 0. */
  readonly patch: number;
  /** Of this case in this epoch. */
  readonly ofCase: Random;
}

const SAMPLINGS: {
  readonly [Kind in SamplingKind]: (
    sampling: Extract<SamplingSpec, { kind: Kind }>,
    place: PatchPlace,
  ) => Target;
} = {
  /**
   * Of n patches that are ⌊n·part⌋ or ⌈n·part⌉, on the mean n·part: of any number in a row, so of all that an
   * epoch shows. MONAI tosses a coin for each.
   */
  'pos-neg': ({ positive, negative }, { patch, ofCase }) => {
    const part = positive / (positive + negative);
    const offset = ofCase.uniform();
    const before = Math.floor(patch * part + offset);
    return Math.floor((patch + 1) * part + offset) > before ? 'foreground' : 'background';
  },
  /** The first of a batch, in whatever order they came. nnU-Net rounds, so that it may be fewer. */
  oversampled: ({ foreground }, { index, batch }) =>
    index < Math.ceil(foreground * batch - ROUNDING) ? 'class' : 'anything',
};

/** 0.07 of 100 is 7.000000000000001. */
const ROUNDING = 1e-9;

/** Where a case has none of what is wanted it is the other, as in MONAI; undefined for anything. */
function voxelOf(
  target: Target,
  classes: readonly ClassVoxels[],
  random: Random,
): number | undefined {
  if (target === 'anything') return undefined;
  const background = classes.filter(({ value }) => value === 0);
  const foreground = classes.filter(({ value }) => value !== 0);
  if (target === 'class') {
    const chosen = foreground[random.below(foreground.length)];
    return chosen && drawn(chosen, random);
  }
  const [wanted, other] =
    target === 'foreground' ? [foreground, background] : [background, foreground];
  return ofAny(wanted.length > 0 ? wanted : other, random);
}

/** Each voxel of these classes as likely as the next. */
function ofAny(classes: readonly ClassVoxels[], random: Random): number {
  let left = random.below(classes.reduce((sum, { count }) => sum + count, 0));
  const chosen = classes.find(({ count }) => {
    left -= count;
    return left < 0;
  });
  return drawn(chosen as ClassVoxels, random);
}

function drawn({ voxels }: ClassVoxels, random: Random): number {
  return voxels[random.below(voxels.length)] as number;
}

/** Each place where the patch fits as likely as the next. */
function anywhere(size: Vec3, shape: Vec3, random: Random): Vec3 {
  const centre = size.map((length, axis) => {
    const places = Math.max(0, (shape[axis] as number) - length) + 1;
    return random.below(places) + Math.floor(length / 2);
  });
  return patchStart(centre as unknown as Vec3, size, shape);
}

function indicesOf(voxel: number, [nx, ny]: Vec3): Vec3 {
  return [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
}
