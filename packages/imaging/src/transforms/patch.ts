import type { Random } from '@fedvox/base';
import type { LabelledCase } from '../datasets/case.js';
import { fail } from '../errors.js';
import type { LabelMap } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { window } from './crop-or-pad.js';

/**
 * A random patch of `size` voxels. With probability `foreground` its centre is a labelled voxel, else
 * a background one, each voxel as likely as the next; the centre then moves just so far that the
 * patch fits (MONAI's `RandCropByPosNegLabel`). Where one kind is missing, the other is taken.
 * @throws FedvoxError `patch-too-large`
 */
export function foregroundPatch<C extends LabelledCase>(
  source: C,
  size: Vec3,
  foreground: number,
  random: Random,
): C {
  const { shape } = source.image;
  if (size.some((length, axis) => length > (shape[axis] as number))) {
    throw fail('patch-too-large', { patch: size.join(' × '), volume: shape.join(' × ') });
  }
  const centre = randomVoxel(source.label, random.uniform() < foreground, random);
  const start = size.map((length, axis) => {
    const wanted = (centre[axis] as number) - Math.floor(length / 2);
    return Math.min(Math.max(wanted, 0), (shape[axis] as number) - length);
  }) as unknown as Vec3;
  return {
    ...source,
    image: window(source.image, start, size),
    label: window(source.label, start, size),
  };
}

/** A voxel drawn evenly from the labelled ones, or from the others. */
function randomVoxel({ data, shape: [nx, ny] }: LabelMap, labelled: boolean, random: Random): Vec3 {
  let labelledCount = 0;
  for (let at = 0; at < data.length; at++) if (data[at] !== 0) labelledCount++;
  const isPossible = labelled ? labelledCount > 0 : labelledCount < data.length;
  const wantLabelled = isPossible ? labelled : !labelled;
  const candidates = wantLabelled ? labelledCount : data.length - labelledCount;
  let voxel = nthVoxel(data, wantLabelled, random.below(candidates));
  const i = voxel % nx;
  voxel = (voxel - i) / nx;
  return [i, voxel % ny, Math.floor(voxel / ny)];
}

function nthVoxel(data: Uint8Array, labelled: boolean, n: number): number {
  let seen = -1;
  let at = -1;
  while (seen < n) if ((data[++at] !== 0) === labelled) seen++;
  return at;
}
