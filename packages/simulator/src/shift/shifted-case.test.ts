import { seededRandom } from '@fedvox/base';
import { orientation, preprocess, spacingMm } from '@fedvox/imaging';
import { expect, it } from 'vitest';
import { drawAnatomy } from '../phantom/anatomy.js';
import { acquire, scannerSchema } from '../phantom/scanner.js';
import { shiftSchema } from '../scenario/scanner-shift.js';
import { shiftedCase } from './shifted-case.js';

const scanner = scannerSchema.parse({ plane: 'coronal', spacingMm: [5, 5, 6], noise: 0 });
const scan = acquire(drawAnatomy(seededRandom('patient'), true), scanner, seededRandom('scan'));
const shifted = (shift: object) =>
  shiftedCase(scan, shiftSchema.parse(shift), seededRandom('shift'));

it.each(['LPS', 'ASR', 'IPR', 'RAS'])(
  'a scan turned to %s shows every voxel at its place in the world',
  (axes) => {
    const { image, label } = shifted({ axes });
    expect(orientation(image)).toBe(axes);
    const upright = preprocess({ image, label }, [{ kind: 'orient', axes: 'RAS' }]);
    expect(upright).toEqual(preprocess(scan, [{ kind: 'orient', axes: 'RAS' }]));
  },
);

it('a scan has the spacing of its new scanner, image and label alike', () => {
  const { image, label } = shifted({ spacingMm: [4, 3, 2], axes: 'LPS' });
  expect(spacingMm(image)).toEqual([4, 3, 2]);
  expect(label.shape).toEqual(image.shape);
  expect(label.affineRas).toEqual(image.affineRas);
});

it('letters that are no three axes are refused', () => {
  for (const axes of ['RLS', 'RA', 'xyz']) {
    expect(shiftSchema.safeParse({ axes }).success).toBe(false);
  }
});
