import type { Random } from '@fedvox/base';
import {
  type LabelledCase,
  type LabelMap,
  preprocess,
  type Vec3,
  type Volume,
} from '@fedvox/imaging';
import type { ScannerShift } from '../scenario/scanner-shift.js';
import { driftedImage } from './drifted-image.js';

/** A letter's world axis (right, anterior, superior) and in which sense it points along it. */
const LETTERS = {
  R: [0, 1],
  L: [0, -1],
  A: [1, 1],
  P: [1, -1],
  S: [2, 1],
  I: [2, -1],
} as const;

/** A case as another scanner would have given it: on its grid, along its axes, by its intensities. */
export function shiftedCase(
  source: LabelledCase,
  { spacingMm, axes = 'RAS', ...drift }: ScannerShift,
  random: Random,
): LabelledCase {
  const upright = preprocess(source, [
    { kind: 'orient', axes: 'RAS' },
    ...(spacingMm === undefined ? [] : [{ kind: 'resample', spacingMm } as const]),
  ]);
  return {
    ...upright,
    image: turned(driftedImage(upright.image, drift, random), axes),
    label: turned(upright.label, axes),
  };
}

/** The same voxels at the same places in the world, counted along other axes. @param gridded along RAS */
function turned<Gridded extends Volume | LabelMap>(gridded: Gridded, axes: string): Gridded {
  const { shape, affineRas: from } = gridded;
  const turns = [...axes].map((letter) => LETTERS[letter as keyof typeof LETTERS]);
  const turnedShape = turns.map(([axis]) => shape[axis]) as unknown as Vec3;
  const strides = [1, shape[0], shape[0] * shape[1]];
  const steps = turns.map(([axis, sign]) => sign * (strides[axis] as number));
  const affineRas = [...from];
  let first = 0;
  for (const [column, [axis, sign]] of turns.entries()) {
    const last = shape[axis] - 1;
    if (sign < 0) first += last * (strides[axis] as number);
    for (const row of [0, 4, 8]) {
      const step = from[row + axis] as number;
      affineRas[row + column] = sign * step;
      if (sign < 0) affineRas[row + 3] = (affineRas[row + 3] as number) + last * step;
    }
  }
  const data = gridded.data.slice();
  const [nx, ny, nz] = turnedShape;
  const [sx, sy, sz] = steps as [number, number, number];
  let index = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, index++) {
        data[index] = gridded.data[first + i * sx + j * sy + k * sz] as number;
      }
    }
  }
  return { ...gridded, shape: turnedShape, affineRas, data };
}
