import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  liveTensorCount,
  registeredTorch,
  registerTorchBackend,
  torchAvailability,
} from '../index.js';
import { type Argument, type Handle, ScalarType } from '../native.js';
import { registered } from '../registered-backend.js';
import {
  convolveVolume,
  displaceVolume,
  displaceVolumeNearest,
  sampleVolume,
  sampleVolumeNearest,
  type VolumeArray,
  type VolumeShape,
} from './volumes.js';

interface Golden {
  readonly source: VolumeShape;
  readonly target: VolumeShape;
  readonly volume: number[];
  readonly grids: { name: string; indexOf: number[]; linear: number[]; nearest: number[] }[];
  readonly displaced: { offsets: number[][]; linear: number[]; nearest: number[] };
  readonly convolved: { kernels: [number[], number[], number[]]; expected: number[] };
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('./golden/volumes.json', import.meta.url), 'utf8'),
);
const source = { data: Float32Array.from(golden.volume), shape: golden.source };
const labels = { data: source.data.map((value) => (value > 0 ? 2 : 1)), shape: golden.source };
const bytes = { data: Uint8Array.from(labels.data), shape: golden.source };

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 5);
}

/** The bits, so that −0 and NaN count. */
const bitsOf = (values: Float32Array | Uint8Array) => Buffer.from(values.buffer).toString('hex');

describe.skipIf(!torchAvailability().available)('volumes in arrays', () => {
  beforeAll(() => registerTorchBackend({ threads: 2, device: 'cpu' }));

  /** What ATen's operators make of a volume, as they would on a GPU. */
  function composed<V extends Float32Array | Uint8Array>(
    operator: string,
    { data, shape }: VolumeArray<V>,
    target: VolumeShape,
    argumentsOf: (onHost: (values: Float32Array) => Handle) => Argument[],
  ): V {
    const t = registered().open();
    const tensor = (values: V | Float32Array, [nx, ny, nz]: VolumeShape) => {
      const isBytes = values instanceof Uint8Array;
      return t.onValues(values, [nz, ny, nx], isBytes ? ScalarType.uint8 : ScalarType.float32);
    };
    const voxels = target[0] * target[1] * target[2];
    const result = (
      data instanceof Uint8Array ? new Uint8Array(voxels) : new Float32Array(voxels)
    ) as V;
    const given = argumentsOf((values) => tensor(values, shape));
    t.mutate(`fedvox::${operator}.composed`, tensor(data, shape), ...given, tensor(result, target));
    t.close();
    return result;
  }

  it.each(golden.grids)('are sampled on a $name grid as PyTorch does', (grid) => {
    const { indexOf, linear, nearest } = grid;
    expectClose(sampleVolume(registeredTorch, source, indexOf, golden.target, 'edge'), linear);
    expectClose(
      sampleVolumeNearest(registeredTorch, source, indexOf, golden.target, 'edge'),
      nearest,
    );
    const classes = nearest.map((value) => (value > 0 ? 2 : 1));
    expect([
      ...sampleVolumeNearest(registeredTorch, bytes, indexOf, golden.target, 'edge'),
    ]).toEqual(classes);
  });

  it('are displaced as PyTorch does', () => {
    const { linear, nearest, ...rest } = golden.displaced;
    const offsets = rest.offsets.map((each) => Float32Array.from(each));
    expectClose(displaceVolume(registeredTorch, source, offsets), linear);
    expectClose(displaceVolumeNearest(registeredTorch, source, offsets), nearest);
  });

  it('are convolved as PyTorch does', () => {
    const [x, y, z] = golden.convolved.kernels.map((each) => Float64Array.from(each));
    expectClose(convolveVolume(registeredTorch, source, [x!, y!, z!]), golden.convolved.expected);
  });

  it('take 0 beyond the outer half of a voxel where asked to', () => {
    const line = { data: Float32Array.of(3, 5), shape: [2, 1, 1] } as const;
    const halves = [0.5, 0, 0, -1, 0, 1, 0, 0, 0, 0, 1, 0];
    const [edge, zero] = (['edge', 'zero'] as const).map((outside) => [
      ...sampleVolume(registeredTorch, line, halves, [6, 1, 1], outside),
    ]);
    expect(edge).toEqual([3, 3, 3, 4, 5, 5]);
    expect(zero).toEqual([0, 3, 3, 4, 5, 5]);
  });

  const size = fc.integer({ min: 1, max: 7 });
  const shapes = fc.tuple(size, size, size);
  const step = fc.double({ min: -2, max: 2, noNaN: true });
  /** Along the source's axes in any order and sense, or across them. */
  const transforms = fc
    .record({
      order: fc.constantFrom([0, 1, 2], [2, 0, 1], [1, 0, 2]),
      steps: fc.tuple(step, step, step),
      shifts: fc.tuple(step, step, step),
      skew: fc.constantFrom(0, 0, 0.3),
    })
    .map(({ order, steps, shifts, skew }) =>
      [0, 1, 2].flatMap((row) => [
        ...[0, 1, 2].map((column) => (order[row] === column ? steps[row]! || 1 : skew)),
        3 * shifts[row]!,
      ]),
    );
  const seeds = fc.integer({ min: 0, max: 2 ** 31 });

  function noise(count: number, seed: number, scale = 1): Float32Array {
    return Float32Array.from({ length: count }, (_, at) => {
      const hash = Math.imul(at + seed, 2654435761) ^ (at << 7);
      return ((hash >>> 8) / 2 ** 24 - 0.5) * scale;
    });
  }

  function volumeOf(shape: VolumeShape, seed: number): VolumeArray<Float32Array> {
    return { shape, data: noise(shape[0] * shape[1] * shape[2], seed, 1000) };
  }

  it('are sampled to the same bits by ATen as by loops of our own, on any grid', () =>
    fc.assert(
      fc.property(
        shapes,
        shapes,
        transforms,
        seeds,
        fc.constantFrom('edge', 'zero'),
        (shape, target, indexOf, seed, outside) => {
          const volume = volumeOf(shape, seed);
          const isZero = outside === 'zero';
          const byAten = (nearest: boolean) =>
            composed('sample_volume', volume, target, () => [indexOf, nearest, isZero]);
          const linear = sampleVolume(registeredTorch, volume, indexOf, target, outside);
          expect(bitsOf(linear)).toBe(bitsOf(byAten(false)));
          const nearest = sampleVolumeNearest(registeredTorch, volume, indexOf, target, outside);
          expect(bitsOf(nearest)).toBe(bitsOf(byAten(true)));
        },
      ),
    ));

  it('of bytes too, and in several slabs', () => {
    const shape = [160, 150, 90] as const;
    const data = Uint8Array.from(noise(160 * 150 * 90, 1, 200), (value) => value + 100);
    const oblique = [0.9, 0.1, 0, 1, -0.1, 0.9, 0.05, 2, 0, -0.05, 1, 3];
    const straight = [0, 0.9, 0, 1, 0.8, 0, 0, 2, 0, 0, -1.1, 80];
    for (const indexOf of [oblique, straight]) {
      const ours = sampleVolumeNearest(registeredTorch, { data, shape }, indexOf, shape, 'zero');
      const theirs = composed('sample_volume', { data, shape }, shape, () => [indexOf, true, true]);
      expect(Buffer.compare(ours, theirs)).toBe(0);
      const values = { data: Float32Array.from(data), shape };
      const linear = sampleVolume(registeredTorch, values, indexOf, shape, 'edge');
      const byAten = composed('sample_volume', values, shape, () => [indexOf, false, false]);
      expect(Buffer.compare(Buffer.from(linear.buffer), Buffer.from(byAten.buffer))).toBe(0);
    }
  });

  it('are displaced and convolved to the same bits by ATen, whatever the offsets', () =>
    fc.assert(
      fc.property(shapes, seeds, fc.integer({ min: 0, max: 3 }), (shape, seed, radius) => {
        const volume = volumeOf(shape, seed);
        const offsets = [1, 2, 3].map((axis) => noise(volume.data.length, seed + axis, 12));
        offsets[0]![0] = Number.NaN;
        offsets[1]![0] = Number.POSITIVE_INFINITY;
        const displaced = (nearest: boolean) =>
          composed('displace_volume', volume, shape, (onHost) => [offsets.map(onHost), nearest]);
        expect(bitsOf(displaceVolume(registeredTorch, volume, offsets))).toBe(
          bitsOf(displaced(false)),
        );
        expect(bitsOf(displaceVolumeNearest(registeredTorch, volume, offsets))).toBe(
          bitsOf(displaced(true)),
        );
        const weights = Float64Array.from(noise(2 * radius + 1, seed));
        const kernel = [weights, Float64Array.of(1), weights] as const;
        const byAten = composed('convolve_volume', volume, shape, () =>
          kernel.map((each) => [...each]),
        );
        expect(bitsOf(convolveVolume(registeredTorch, volume, kernel))).toBe(bitsOf(byAten));
      }),
    ));

  it('are convolved to the same bits in several slabs', () => {
    const volume = volumeOf([160, 150, 90], 3);
    const weights = Float64Array.of(0.1, 0.3, 0.35, 0.15, 0.1);
    const kernel = [weights, weights, weights] as const;
    const byAten = composed('convolve_volume', volume, volume.shape, () =>
      kernel.map((each) => [...each]),
    );
    const ours = convolveVolume(registeredTorch, volume, kernel);
    expect(Buffer.compare(Buffer.from(ours.buffer), Buffer.from(byAten.buffer))).toBe(0);
  });

  it('leave nothing behind, and what does not fit is refused by name', () => {
    const before = liveTensorCount();
    sampleVolume(
      registeredTorch,
      source,
      [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
      golden.target,
      'edge',
    );
    const refused = (text: RegExp) =>
      expect.objectContaining({ message: expect.stringMatching(text) });
    expect(() => sampleVolume(registeredTorch, source, [1, 0, 0], golden.target, 'edge')).toThrow(
      refused(/sample_volume of source \[5,4,6\], target \[4,6,5\] failed: .* has 12 numbers/),
    );
    expect(() => displaceVolume(registeredTorch, source, [source.data, source.data])).toThrow(
      refused(/three axes/),
    );
    expect(() => displaceVolume(registeredTorch, { ...source, shape: [5, 4, 5] }, [])).toThrow(
      refused(/does not hold 120 values/),
    );
    const even = Float64Array.of(0.5, 0.5);
    expect(() => convolveVolume(registeredTorch, source, [even, even, even])).toThrow(
      refused(/has a middle/),
    );
    expect(liveTensorCount()).toBe(before);
  });
});
