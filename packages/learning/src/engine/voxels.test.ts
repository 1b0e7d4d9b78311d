import { seededRandom, sha256 } from '@fedvox/base';
import { augment, preprocess, probabilitiesToGrid, type VoxelEngine } from '@fedvox/imaging';
import { augmentStepSchema, preprocessStepSchema } from '@fedvox/job';
import {
  liveTensorCount,
  registerTorchBackend,
  torchAvailability,
} from '@fedvox/tfjs-backend-torch';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { voxelEngineOf } from './voxels.js';

type Shape = readonly [number, number, number];

/** Both engines give the same bits, −0 and NaN included. */
function expectSame(compute: (voxels: VoxelEngine) => Float32Array | Uint8Array): void {
  const [portable, torch] = (['cpu', 'torch'] as const).map((name) =>
    Buffer.from(compute(voxelEngineOf({ name })).buffer),
  );
  expect(portable!.equals(torch!)).toBe(true);
}

const size = fc.integer({ min: 1, max: 9 });
const shapes = fc.tuple(size, size, size);
const number = fc.double({ min: -2, max: 2, noNaN: true });
const seeds = fc.integer();

/** Along the axes in any order and sense, or across them; some meet halves of a voxel. */
const transforms = fc
  .record({
    order: fc.constantFrom([0, 1, 2], [2, 0, 1], [1, 0, 2], [2, 1, 0]),
    steps: fc.tuple(number, number, number),
    shifts: fc.tuple(number, number, number),
    skew: fc.constantFrom(0, 0, 1e-8, 0.25, 0.3),
    fraction: fc.constantFrom(0, 0.25, 0.5),
  })
  .map(({ order, steps, shifts, skew, fraction }) => {
    const part = (value: number) =>
      fraction === 0 ? value || 1 : Math.round(value / fraction) * fraction || fraction;
    const rows = [0, 1, 2].map((row) => [
      ...[0, 1, 2].map((column) => (order[row] === column ? part(steps[row]!) : skew)),
      3 * part(shifts[row]!),
    ]);
    return [...rows.flat(), 0, 0, 0, 1];
  });

function scan(shape: Shape, seed: number, scale = 1000) {
  const random = seededRandom(seed);
  const length = shape[0] * shape[1] * shape[2];
  return { shape, data: Float32Array.from({ length }, () => scale * random.normal()) };
}

function label(shape: Shape, seed: number, classes = 256) {
  const random = seededRandom(seed);
  const length = shape[0] * shape[1] * shape[2];
  return { shape, data: Uint8Array.from({ length }, () => random.below(classes)) };
}

/** Of a size that libtorch's threads share. */
const LARGE = [70, 60, 50] as const;

describe.skipIf(!torchAvailability().available)('voxels on libtorch', () => {
  beforeAll(() => registerTorchBackend({ threads: 2, device: 'cpu' }));

  it('are sampled to the bits of the TypeScript, on any grid', () =>
    fc.assert(
      fc.property(
        ...([shapes, shapes, transforms, fc.constantFrom('edge', 'zero'), seeds] as const),
        (shape, target, indexOf, outside, seed) => {
          const [image, classes] = [scan(shape, seed), label(shape, seed)];
          const stored = { shape, stored: Int16Array.from(image.data), gain: 0.3, offset: -7 };
          expectSame((voxels) => voxels.linear(image, indexOf, target, outside));
          expectSame((voxels) => voxels.linear(stored, indexOf, target, outside));
          expectSame((voxels) => voxels.nearest(image, indexOf, target, outside));
          expectSame((voxels) => voxels.nearest(classes, indexOf, target, outside));
        },
      ),
      { numRuns: 300 },
    ));

  it('are displaced and convolved to the bits of the TypeScript', () =>
    fc.assert(
      fc.property(shapes, seeds, fc.integer({ min: 0, max: 12 }), (shape, seed, radius) => {
        const [image, classes] = [scan(shape, seed), label(shape, seed)];
        const [x, y, z] = [1, 2, 3].map((axis) => scan(shape, seed + axis, 2).data);
        x![0] = Number.NaN;
        y![0] = Number.NEGATIVE_INFINITY;
        z!.fill(0.5);
        const offsets = [x!, y!, z!] as const;
        expectSame((voxels) => voxels.displacedLinear(image, offsets));
        expectSame((voxels) => voxels.displacedNearest(classes, offsets));
        const weights = Float64Array.from(scan([2 * radius + 1, 1, 1], seed, 1).data);
        expectSame((voxels) => voxels.convolved(image, [weights, Float64Array.of(0.3), weights]));
      }),
    ));

  it('get the same values from a seed, and leave its stream at the same place', () =>
    fc.assert(
      fc.property(shapes, seeds, number, (shape, seed, deviation) => {
        const image = scan(shape, seed);
        expectSame((voxels) => {
          const random = seededRandom(seed).fork('values');
          const first = voxels.noisy(image, deviation, random);
          const drawn = voxels.evenly(first.length, deviation, random);
          return Float32Array.of(...first, ...drawn, random.uniform(), ...random.state);
        });
      }),
    ));

  it('are raised to a power and shaded to the bits of the TypeScript, whatever they are', () =>
    fc.assert(
      fc.property(
        shapes,
        seeds,
        number,
        fc.integer({ min: 0, max: 4 }),
        (shape, seed, power, degree) => {
          const image = scan(shape, seed);
          image.data[0] = fc.sample(fc.float({ noNaN: true, noDefaultInfinity: true }), {
            numRuns: 1,
            seed,
          })[0]!;
          const { min, max } = { min: Math.min(...image.data), max: Math.max(...image.data) };
          expectSame((voxels) => voxels.raised(image, min, max - min, power));
          const orders = degree + 1;
          const table = (axis: 0 | 1 | 2) =>
            Float64Array.from(scan([orders, shape[axis], 1], seed + axis, 20).data);
          const term = { orders: [degree, 0, degree >> 1] as const, coefficient: power };
          const terms = [term, { ...term, orders: [0, degree, 0] as const }];
          const tables = [table(0), table(1), table(2)] as const;
          expectSame((voxels) => voxels.shaded(image, { tables, orders, terms }));
        },
      ),
    ));

  it('come out of every step of a job the same, and leave no tensor behind', () => {
    const affineRas = [0, -1.5, 0.2, 40, -1.25, 0, 0, 30, 0.1, 0, 2, -60, 0, 0, 0, 1];
    const shape = [13, 11, 12] as const;
    const source = {
      image: { ...scan(shape, 1), affineRas },
      label: { ...label(shape, 1, 3), affineRas },
    };
    const preprocessing = [{ kind: 'orient' }, { kind: 'resample', spacingMm: [1, 1, 1] }];
    const augmentation = [
      { kind: 'affine', rotateDegrees: [20, 20, 20], scale: [0.2, 0.2, 0.2] },
      { kind: 'elastic', sigmaVoxels: 2, magnitudeVoxels: 20 },
      { kind: 'smooth', sigmaVoxels: [0.5, 1.5] },
      { kind: 'low-resolution', zoom: [0.4, 0.8] },
      { kind: 'noise', standardDeviation: 0.1 },
      { kind: 'gamma', range: [0.7, 1.5] },
      { kind: 'bias-field', degree: 3, maxCoefficient: 0.3 },
    ];
    const before = liveTensorCount();
    const madeBy = (voxels: VoxelEngine) => {
      const prepared = preprocess(
        source,
        preprocessing.map((step) => preprocessStepSchema.parse(step)),
        voxels,
      );
      const steps = augmentation.map((step) =>
        augmentStepSchema.parse({ ...step, probability: 1 }),
      );
      return augment(prepared, steps, seededRandom('steps'), voxels);
    };
    expectSame((voxels) => madeBy(voxels).image.data);
    expectSame((voxels) => madeBy(voxels).label.data);
    expectSame((voxels) => {
      const { image } = madeBy(voxels);
      return probabilitiesToGrid([image, source.image], source.image, voxels).data;
    });
    expect(liveTensorCount()).toBe(before);
  });

  it('are the same of any number of threads', async () => {
    const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const source = {
      image: { ...scan(LARGE, 2), affineRas },
      label: { ...label(LARGE, 2, 3), affineRas },
    };
    const steps = [
      { kind: 'affine', rotateDegrees: [20, 20, 20] },
      { kind: 'elastic', sigmaVoxels: 2, magnitudeVoxels: 20 },
      { kind: 'noise', standardDeviation: 50 },
      { kind: 'gamma', range: [0.7, 1.5] },
      { kind: 'bias-field', degree: 3, maxCoefficient: 0.3 },
    ].map((step) => augmentStepSchema.parse({ ...step, probability: 1 }));
    const made = (voxels: VoxelEngine) =>
      sha256(new Uint8Array(augment(source, steps, seededRandom(9), voxels).image.data.buffer));
    const digests = new Set([made(voxelEngineOf({ name: 'cpu' }))]);
    for (const threads of [1, 2, 3, 5]) {
      await registerTorchBackend({ threads, device: 'cpu' });
      digests.add(made(voxelEngineOf({ name: 'torch' })));
    }
    expect([...digests]).toHaveLength(1);
  });
});
