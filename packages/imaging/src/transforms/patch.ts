import type { Random } from '@fedvox/base';
import type { PatchForeground } from '@fedvox/job';
import { fail } from '../errors.js';
import type { LabelledCase } from '../geometry/case.js';
import type { LabelMap } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { caseWindow } from './crop-or-pad.js';

/**
 * A random patch of `size` voxels. With probability `foreground` its centre is a labelled voxel, else
 * a background one, each voxel as likely as the next; the centre then moves just so far that the
 * patch fits (MONAI's `RandCropByPosNegLabel`). Where one kind is missing, the other is taken. Where
 * classes are balanced, a class of the label is drawn first (MONAI's `RandCropByLabelClasses`).
 * @throws FedvoxError `patch-too-large`
 */
export function foregroundPatch<C extends LabelledCase>(
  source: C,
  size: Vec3,
  foreground: PatchForeground,
  random: Random,
): C {
  const { shape } = source.image;
  if (size.some((length, axis) => length > (shape[axis] as number))) {
    throw fail('patch-too-large', { patch: size.join(' × '), volume: shape.join(' × ') });
  }
  const centre = randomCentre(source.label, foreground, random);
  return caseWindow(source, patchStart(centre, size, shape), size);
}

/**
 * Where a patch starts whose centre is this voxel, moved just so far that it fits: MONAI's `correct_crop_centers`.
 * Along an axis where the volume is smaller, it lies in the patch's middle.
 */
export function patchStart(centre: Vec3, size: Vec3, shape: Vec3): Vec3 {
  return size.map((length, axis) => {
    const last = (shape[axis] as number) - length;
    const wanted = (centre[axis] as number) - Math.floor(length / 2);
    return last < 0 ? -Math.floor(-last / 2) : Math.min(Math.max(wanted, 0), last);
  }) as unknown as Vec3;
}

function randomCentre(label: LabelMap, foreground: PatchForeground, random: Random): Vec3 {
  const { data } = label;
  const isLabelled = (value: number) => value !== 0;
  const isBackground = (value: number) => value === 0;
  const probability = typeof foreground === 'number' ? foreground : foreground.probability;
  const wanted = random.uniform() < probability ? isLabelled : isBackground;
  const other = wanted === isLabelled ? isBackground : isLabelled;
  const isKind = data.some(wanted) ? wanted : other;
  if (typeof foreground === 'number' || isKind === isBackground) {
    return randomVoxel(label, isKind, random);
  }
  const classes = [...new Set(data)].filter(isLabelled).sort((a, b) => a - b);
  const chosen = classes[random.below(classes.length)];
  return randomVoxel(label, (value) => value === chosen, random);
}

/** A voxel drawn evenly from those of a kind, of which there is at least one. */
function randomVoxel(
  { data, shape: [nx, ny] }: LabelMap,
  isKind: (value: number) => boolean,
  random: Random,
): Vec3 {
  let candidates = 0;
  for (let at = 0; at < data.length; at++) if (isKind(data[at] as number)) candidates++;
  let voxel = nthVoxel(data, isKind, random.below(candidates));
  const i = voxel % nx;
  voxel = (voxel - i) / nx;
  return [i, voxel % ny, Math.floor(voxel / ny)];
}

function nthVoxel(data: Uint8Array, isKind: (value: number) => boolean, n: number): number {
  let seen = -1;
  let at = -1;
  while (seen < n) if (isKind(data[++at] as number)) seen++;
  return at;
}
