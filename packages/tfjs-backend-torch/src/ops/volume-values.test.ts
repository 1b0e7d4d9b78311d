import { seededRandom, sha256 } from '@fedvox/base';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  liveTensorCount,
  registeredTorch,
  registerTorchBackend,
  torchAvailability,
} from '../index.js';
import { torchAlone } from '../torch-alone.js';
import { addNormals, drawEvenly, raiseVolume, shadeVolume } from './volume-values.js';

// More voxels than one thread or one block takes, and a part of either.
const SHAPE = [41, 37, 53] as const;
const COUNT = SHAPE[0] * SHAPE[1] * SHAPE[2];
const random = seededRandom('values');
const source = { shape: SHAPE, data: Float32Array.from({ length: COUNT }, () => random.uniform()) };

const bytesOf = ({ buffer }: Float32Array) => new Uint8Array(buffer);

/** How far any voxel lies from what is expected of the source's. */
function furthest(values: Float32Array, expected: (value: number) => number): number {
  return values.reduce(
    (most, each, at) => Math.max(most, Math.abs(each - expected(source.data[at]!))),
    0,
  );
}

describe.skipIf(!torchAvailability().available)('values of volumes in arrays', () => {
  beforeAll(() => registerTorchBackend({ threads: 3, device: 'cpu' }));

  it('get what a stream gives, which goes on', () => {
    const [ours, theirs] = [seededRandom('x'), seededRandom('x')];
    const noisy = addNormals(registeredTorch, source, 0.5, ours.state);
    const drawn = drawEvenly(registeredTorch, 1000, 3, ours.state);
    expect(sha256(bytesOf(noisy))).toBe(
      sha256(bytesOf(source.data.map((value) => value + 0.5 * theirs.normal()))),
    );
    expect(drawn).toEqual(new Float32Array(1000).map(() => (2 * theirs.uniform() - 1) * 3));
    expect(ours.state).toEqual(theirs.state);
  });

  it('are raised to a power, and shaded', () => {
    const raised = raiseVolume(registeredTorch, source, 0, 1, 1.5);
    expect(furthest(raised, (value) => value ** 1.5)).toBeLessThan(1e-7);
    const tables = SHAPE.map((size) => Float64Array.from({ length: 2 * size }, (_, at) => at % 2));
    const [x, y, z] = tables as [Float64Array, Float64Array, Float64Array];
    const terms = [
      { orders: [1, 1, 1], coefficient: 0.25 },
      { orders: [0, 1, 1], coefficient: 7 },
    ] as const;
    const shaded = shadeVolume(registeredTorch, source, { tables: [x, y, z], orders: 2, terms });
    expect(furthest(shaded, (value) => value * Math.exp(0.25))).toBeLessThan(2e-7);
  });

  it('are the same on the calling thread alone, and leave no tensor behind', () => {
    const before = liveTensorCount();
    const onThreads = raiseVolume(registeredTorch, source, -1, 3, 0.7);
    const alone = raiseVolume(torchAlone(), source, -1, 3, 0.7);
    expect(sha256(bytesOf(alone))).toBe(sha256(bytesOf(onThreads)));
    expect(liveTensorCount()).toBe(before);
  });

  it('are refused where they do not fit', () => {
    const refused = (message: RegExp) =>
      expect.objectContaining({
        code: 'torch/operator-failed',
        message: expect.stringMatching(message),
      });
    expect(() => addNormals(registeredTorch, source, 1, new Uint32Array(3))).toThrow(
      refused(/four words/),
    );
    const table = new Float64Array(4);
    const field = { tables: [table, table, table] as const, orders: 2, terms: [] };
    expect(() => shadeVolume(registeredTorch, source, field)).toThrow(
      refused(/a table of 4 values/),
    );
    const line = { shape: [2, 2, 2] as const, data: new Float32Array(8) };
    const outside = { ...field, terms: [{ orders: [0, 2, 0], coefficient: 1 }] as const };
    expect(() => shadeVolume(registeredTorch, line, outside)).toThrow(
      refused(/no table has order 2/),
    );
  });
});
