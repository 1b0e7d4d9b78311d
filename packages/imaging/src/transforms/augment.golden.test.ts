import { readFile } from 'node:fs/promises';
import { type Random, seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { IDENTITY } from '../geometry/affine.js';
import type { Vec3 } from '../geometry/vector.js';
import type { FieldTerm } from '../voxel-engine/voxel-engine.js';
import { augment } from './augment.js';
import { withBiasField } from './bias-field.js';
import { erf, gaussianKernel, smoothed } from './gaussian.js';
import { gammaCorrected } from './intensity.js';
import { lowResolution } from './low-resolution.js';
import { displaced, warped } from './warp.js';

interface Golden {
  readonly shape: Vec3;
  readonly image: readonly number[];
  readonly label: readonly number[];
  readonly erf: readonly (readonly [number, number])[];
  readonly smooth: { readonly sigmas: Vec3; readonly expected: readonly number[] };
  readonly gamma: { readonly power: number; readonly expected: readonly number[] };
  readonly bias: { readonly terms: readonly FieldTerm[]; readonly expected: readonly number[] };
  readonly warp: {
    readonly degrees: Vec3;
    readonly scale: Vec3;
    readonly translate: Vec3;
    readonly image: readonly number[];
    readonly label: readonly number[];
  };
  readonly noise: {
    readonly deviation: number;
    readonly normals: readonly number[];
    readonly expected: readonly number[];
  };
  readonly lowResolution: { readonly zoom: number; readonly expected: readonly number[] };
  readonly displace: {
    readonly offsets: readonly [number[], number[], number[]];
    readonly image: readonly number[];
    readonly label: readonly number[];
  };
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./augment.golden.json', import.meta.url), 'utf8'),
);
// Any affine will do: these steps work on voxels.
const grid = {
  shape: golden.shape,
  affineRas: [0, 2, 0, 5, -1, 0, 0, 6, 0, 0.3, 3, 7, 0, 0, 0, 1],
};
const source = {
  image: { ...grid, data: new Float32Array(golden.image) },
  label: { ...grid, data: new Uint8Array(golden.label) },
};

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const worst = expected.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - actual[at]!)),
    0,
  );
  expect(worst).toBeLessThan(2e-4);
}

describe('random steps, once their parameters are drawn, as NumPy and SciPy do them', () => {
  it('smooth', () => {
    expectClose(smoothed(source.image, golden.smooth.sigmas), golden.smooth.expected);
  });

  it('gamma', () => {
    expectClose(gammaCorrected(source.image, golden.gamma.power).data, golden.gamma.expected);
  });

  it('bias field', () => {
    expectClose(withBiasField(source.image, golden.bias.terms).data, golden.bias.expected);
  });

  it('affine', () => {
    const { degrees, scale, translate } = golden.warp;
    const { image, label } = warped(source, {
      rotateRadians: degrees.map((each) => (each * Math.PI) / 180) as unknown as Vec3,
      scale,
      translateVoxels: translate,
    });
    expectClose(image.data, golden.warp.image);
    expect([...label.data]).toEqual(golden.warp.label);
  });

  it('elastic', () => {
    const [x, y, z] = golden.displace.offsets;
    const offsets = [new Float32Array(x), new Float32Array(y), new Float32Array(z)] as const;
    const { image, label } = displaced(source, offsets);
    expectClose(image.data, golden.displace.image);
    expect([...label.data]).toEqual(golden.displace.label);
  });

  it('noise', () => {
    const { deviation, normals, expected } = golden.noise;
    const drawn = normals.values();
    // The step draws its standard deviation evenly up to twice this one: half of that here.
    const step = { kind: 'noise', standardDeviation: 2 * deviation, probability: 1 } as const;
    const random: Random = {
      ...seededRandom('unused'),
      uniform: () => 0.5,
      normal: () => drawn.next().value as number,
    };
    expectClose(augment(source, [step], random).image.data, expected);
    expect(drawn.next().done).toBe(true);
  });

  it('low resolution', () => {
    const { zoom, expected } = golden.lowResolution;
    expectClose(lowResolution(source.image, zoom).data, expected);
  });

  it('the error function, to double precision', () => {
    for (const [x, value] of golden.erf) expect(erf(x)).toBeCloseTo(value, 14);
  });
});

describe('what holds for any parameters', () => {
  it('a Gaussian keeps a constant, and its kernel is symmetric and sums to 1', () => {
    const constant = new Float32Array(210).fill(3);
    for (const value of smoothed({ data: constant, shape: grid.shape }, [0.7, 2, 9]))
      expect(value).toBeCloseTo(3, 6);
    const kernel = [...gaussianKernel(1.7)];
    expect(kernel.toReversed()).toEqual(kernel.map((weight) => expect.closeTo(weight, 15)));
    expect(kernel.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14);
  });

  it('an affine that changes nothing gives the case back', () => {
    const still = {
      rotateRadians: [0, 0, 0],
      scale: [1, 1, 1],
      translateVoxels: [0, 0, 0],
    } as const;
    expect(warped(source, still)).toEqual(source);
    expect(grid.affineRas).not.toEqual(IDENTITY);
  });
});
