import { seededRandom } from '@fedvox/base';
import { augmentStepSchema } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, IDENTITY, invert } from '../geometry/affine.js';
import type { LabelledCase } from '../geometry/case.js';
import type { Vec3 } from '../geometry/vector.js';
import { augment } from './augment.js';
import { lowResolution, zoomedGrid } from './low-resolution.js';

const AFFINE = [0, -2, 0, 7, 1, 0, 0, -4, 0, 0.5, 3, 9, 0, 0, 0, 1];
const STEPS = [
  { kind: 'flip', axes: ['x', 'y', 'z'] },
  { kind: 'crop', size: [3, 2, 4], foreground: 0.5 },
].map((step) => augmentStepSchema.parse(step));

/** Voxels that know their own index: 1 + i + 10 j + 100 k; labels 1 where the mask says so. */
function indexed(
  shape: Vec3,
  isLabelled: (i: number, j: number, k: number) => boolean,
): LabelledCase {
  const data: number[] = [];
  const label: number[] = [];
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++) {
        data.push(1 + i + 10 * j + 100 * k);
        label.push(isLabelled(i, j, k) ? 1 : 0);
      }
    }
  }
  const grid = { shape, affineRas: AFFINE };
  return {
    image: { ...grid, data: new Float32Array(data) },
    label: { ...grid, data: new Uint8Array(label) },
  };
}

function indexOf(value: number): Vec3 {
  const at = value - 1;
  return [at % 10, Math.floor(at / 10) % 10, Math.floor(at / 100)];
}

describe('random transforms', () => {
  const isLabelled = (i: number, j: number, k: number) => (i + j * k) % 3 === 1;
  const source = indexed([5, 6, 7], isLabelled);

  it('keep every voxel at its place in the world, and image and label together', () => {
    const worldToSource = invert(AFFINE);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { image, label } = augment(source, STEPS, seededRandom(seed));
        expect(image.shape).toEqual([3, 2, 4]);
        expect(label.affineRas).toEqual(image.affineRas);
        image.data.forEach((value, at) => {
          const here: Vec3 = [at % 3, Math.floor(at / 3) % 2, Math.floor(at / 6)];
          const there = apply(worldToSource, apply(image.affineRas, here)).map(Math.round);
          expect(there).toEqual(indexOf(value));
          expect(label.data[at] === 1).toBe(isLabelled(...indexOf(value)));
        });
      }),
    );
  });

  it('are the same for the same seed, and leave the source as it was', () => {
    const before = structuredClone(source);
    const [a, b] = [1, 1].map((seed) => augment(source, STEPS, seededRandom(seed)));
    expect(a).toEqual(b);
    expect(source).toEqual(before);
  });

  it('flip each axis about as often as asked', () => {
    const [step] = [augmentStepSchema.parse({ kind: 'flip', axes: ['x', 'z'], probability: 0.25 })];
    const random = seededRandom('flips');
    const firsts = Array.from({ length: 2000 }, () =>
      indexOf(augment(source, [step], random).image.data[0]!),
    );
    const share = (axis: 0 | 1 | 2) =>
      firsts.filter((first) => first[axis] !== 0).length / firsts.length;
    expect(share(0)).toBeCloseTo(0.25, 1);
    expect(share(1)).toBe(0);
    expect(share(2)).toBeCloseTo(0.25, 1);
  });
});

describe('every random step', () => {
  const everything = [
    { kind: 'flip', axes: ['x'] },
    {
      kind: 'affine',
      rotateDegrees: [10, 10, 10],
      scale: [0.1, 0.1, 0.1],
      translateVoxels: [1, 1, 1],
    },
    { kind: 'elastic', sigmaVoxels: 2, magnitudeVoxels: 3 },
    { kind: 'noise', standardDeviation: 0.1 },
    { kind: 'smooth', sigmaVoxels: [0.5, 1] },
    { kind: 'gamma', range: [0.7, 1.5] },
    { kind: 'bias-field' },
    { kind: 'low-resolution', zoom: [0.5, 1] },
    { kind: 'crop', size: [3, 3, 3] },
  ].map((step) => augmentStepSchema.parse(step));
  const source = indexed([8, 7, 6], (i) => i > 4);

  it.each(everything)('$kind: the same seed, the same voxels; another seed, others', (step) => {
    const certain = 'probability' in step ? { ...step, probability: 1 } : step;
    const from = (seed: number) => augment(source, [certain], seededRandom(seed));
    expect(from(1)).toEqual(from(1));
    const others = [2, 3, 4, 5, 6].map((seed) => from(seed).image.data);
    if (step.kind !== 'flip')
      expect(others.some((data) => !isSame(data, from(1).image.data))).toBe(true);
    expect(from(1).image.data.every(Number.isFinite)).toBe(true);
    expect(from(1).label.shape).toEqual(from(1).image.shape);
  });

  it.each(everything)('$kind: is not applied at probability 0', (step) => {
    if (!('probability' in step)) return;
    expect(augment(source, [{ ...step, probability: 0 }], seededRandom(1))).toEqual(source);
  });

  it('all together keep shape and classes', () => {
    const { image, label } = augment(source, everything, seededRandom('all'));
    expect(image.shape).toEqual([3, 3, 3]);
    expect([...label.data].every((value) => value === 0 || value === 1)).toBe(true);
  });

  function isSame(a: Float32Array, b: Float32Array): boolean {
    return a.every((value, at) => value === b[at]);
  }
});

describe('low resolution', () => {
  it('keeps a linear image within half a coarse voxel, and all of it at zoom 1', () => {
    const { image } = indexed([9, 9, 9], () => false);
    expect([...lowResolution(image, 1).data]).toEqual([...image.data]);
    const worst = lowResolution(image, 0.5).data.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - image.data[at]!)),
      0,
    );
    expect(worst).toBeLessThanOrEqual(111);
  });

  it('covers the same box with fewer voxels', () => {
    const grid = zoomedGrid({ shape: [10, 10, 10], affineRas: IDENTITY }, 0.5);
    expect(grid.shape).toEqual([5, 5, 5]);
    expect(apply(grid.affineRas, [0, 4, 0])).toEqual([0.5, 8.5, 0.5]);
  });
});

describe('patches', () => {
  const crop = (foreground: number, size: Vec3 = [3, 3, 3]) =>
    augmentStepSchema.parse({ kind: 'crop', size, foreground });
  const dot: Vec3 = [4, 1, 6];
  const source = indexed([9, 9, 9], (i, j, k) => i === dot[0] && j === dot[1] && k === dot[2]);

  it('hold the labelled voxel at their centre, or as near to it as the border lets them', () => {
    const corner = indexed([9, 9, 9], (i, j, k) => i + j + k === 0);
    const random = seededRandom(3);
    expect(indexOf(augment(source, [crop(1)], random).image.data[13]!)).toEqual(dot);
    expect(indexOf(augment(corner, [crop(1)], random).image.data[0]!)).toEqual([0, 0, 0]);
  });

  it('are centred on a label as often as asked', () => {
    const random = seededRandom('patches');
    const centred = Array.from({ length: 1000 }, () => augment(source, [crop(0.3)], random)).filter(
      ({ label }) => label.data[13] === 1,
    );
    expect(centred.length / 1000).toBeCloseTo(0.3, 1);
  });

  it('find a lesion of ten voxels beside a large organ, where classes are balanced', () => {
    const shape: Vec3 = [32, 32, 32];
    const { image, label } = indexed(shape, (i, j, k) => Math.max(i, j, k) < 30);
    const data = label.data.map((value, at) =>
      at >= 31 * 1024 && at < 31 * 1024 + 10 ? 2 : value,
    );
    const beside = { image, label: { ...label, data } };
    const hitsOf = (foreground: unknown) => {
      const random = seededRandom('lesion');
      const step = augmentStepSchema.parse({ kind: 'crop', size: [3, 3, 3], foreground });
      const patches = Array.from({ length: 400 }, () => augment(beside, [step], random));
      return patches.filter((patch) => patch.label.data.includes(2)).length / 400;
    };
    expect(hitsOf(1)).toBeLessThan(0.01);
    expect(hitsOf({ balance: 'classes', probability: 1 })).toBeCloseTo(0.5, 1);
    expect(hitsOf({ balance: 'classes' })).toBeCloseTo(0.25, 1);
  });

  it('come from anywhere when there is no label, or nothing but label', () => {
    for (const everywhere of [false, true]) {
      const uniform = indexed([4, 4, 4], () => everywhere);
      const { image } = augment(uniform, [crop(everywhere ? 0 : 1)], seededRandom(1));
      expect(image.shape).toEqual([3, 3, 3]);
    }
  });

  it('larger than the volume are refused by name', () => {
    expect(() => augment(source, [crop(0.5, [3, 10, 3])], seededRandom(1))).toThrow(
      expect.objectContaining({ code: 'imaging/patch-too-large' }),
    );
  });
});
