import { seededRandom } from '@fedvox/base';
import type { Box, Vec3 } from '@fedvox/imaging';
import { type PatchesSpec, type SamplingSpec, samplingSchema } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ballCase } from '../testing/phantoms.js';
import { type PatchSource, patchesOf } from './case-patches.js';
import { classVoxels } from './class-voxels.js';

const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const case_ = ballCase(seededRandom('any'));

/** A case whose label at (x, y, z) is as said, and the boxes that were read of it. */
function sourceOf(shape: Vec3, labelAt: (x: number, y: number, z: number) => number) {
  const [nx, ny, nz] = shape;
  const data = Uint8Array.from({ length: nx * ny * nz }, (_, voxel) =>
    labelAt(voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))),
  );
  const classes = classVoxels({ shape, affineRas, data }, seededRandom('voxels'));
  const boxes: Box[] = [];
  const source: PatchSource = {
    ...{ shape, classes },
    read: async (box) => {
      boxes.push(box);
      return case_;
    },
  };
  return { source, boxes };
}

/** The patches of one epoch of one case, all in one batch unless it is said how large batches are. */
async function boxesOf(
  { source, boxes }: ReturnType<typeof sourceOf>,
  size: Vec3,
  perCase: number,
  said: Partial<SamplingSpec> & { readonly kind: SamplingSpec['kind'] },
  { seed = 'epoch', batch = perCase, name = '0' } = {},
): Promise<readonly Box[]> {
  const spec: PatchesSpec = { size: [...size], perCase, sampling: samplingSchema.parse(said) };
  boxes.length = 0;
  const loads = patchesOf(source, spec, name);
  for (const [at, load] of loads.entries()) {
    await load({ epoch: seededRandom(seed), index: at % batch, batch });
  }
  return [...boxes];
}

const ONE: Vec3 = [1, 1, 1];
const halves = sourceOf([10, 10, 10], (x) => (x < 5 ? 0 : 1));
const isLabelled = ({ start: [x] }: Box) => x >= 5;

describe('patches of a case', () => {
  it('are centred on a label in exactly the part that the job says, epoch by epoch', async () => {
    const counts = async (positive: number, negative: number, perCase: number) => {
      const found = new Set<number>();
      for (let epoch = 0; epoch < 40; epoch++) {
        const said = { kind: 'pos-neg', positive, negative } as const;
        const boxes = await boxesOf(halves, ONE, perCase, said, { seed: `epoch/${epoch}` });
        found.add(boxes.filter(isLabelled).length);
      }
      return [...found].sort((a, b) => a - b);
    };
    expect(await counts(1, 1, 4)).toEqual([2]);
    expect(await counts(3, 1, 8)).toEqual([6]);
    expect(await counts(0.5, 1, 9)).toEqual([3]);
    expect(await counts(1, 0, 3)).toEqual([3]);
    expect(await counts(0, 1, 3)).toEqual([0]);
    expect(await counts(1, 1, 3)).toEqual([1, 2]);
    expect(await counts(1, 2, 1)).toEqual([0, 1]);
  });

  it('are so on the mean over epochs where the part of one is not whole', async () => {
    const said = { kind: 'pos-neg', positive: 1, negative: 2 } as const;
    let labelled = 0;
    for (let epoch = 0; epoch < 3000; epoch++) {
      const boxes = await boxesOf(halves, ONE, 1, said, { seed: `epoch/${epoch}` });
      labelled += boxes.filter(isLabelled).length;
    }
    expect(Math.abs(labelled - 1000)).toBeLessThan(4 * Math.sqrt((3000 * 2) / 9));
  });

  it('are centred on a class in at least the oversampled part of every batch', async () => {
    const dot = sourceOf([12, 12, 12], (x, y, z) => (x === 3 && y === 4 && z === 5 ? 1 : 0));
    const isDot = ({ start }: Box) => start.join() === '3,4,5';
    for (const [foreground, batch, least] of [
      [0.33, 2, 1],
      [0.33, 4, 2],
      [0.07, 100, 7],
      [0, 5, 0],
      [1, 3, 3],
    ] as const) {
      const boxes = await boxesOf(dot, ONE, batch, { kind: 'oversampled', foreground });
      // Of the others one in 1728 is there too.
      expect(boxes.filter(isDot)).toHaveLength(least);
    }
  });

  it('meet a class of one voxel as often as one of many where they are oversampled', async () => {
    const uneven = sourceOf([10, 10, 10], (x, y, z) => (x + y + z === 0 ? 2 : z < 5 ? 1 : 0));
    const hits = async (said: Parameters<typeof boxesOf>[3]) => {
      const boxes = await boxesOf(uneven, ONE, 1000, said);
      return boxes.filter(({ start }) => start.join() === '0,0,0').length;
    };
    const oversampled = { kind: 'oversampled', foreground: 1 } as const;
    expect(Math.abs((await hits(oversampled)) - 500)).toBeLessThan(65);
    expect(await hits({ kind: 'pos-neg', positive: 1, negative: 0 })).toBeLessThan(15);
  });

  it('lie inside of the volume with their centre as near to the voxel as that lets them', async () => {
    const axis = fc.integer({ min: 1, max: 9 });
    const kind = fc.constantFrom('pos-neg', 'oversampled');
    const vec = fc.tuple(axis, axis, axis);
    await fc.assert(
      fc.asyncProperty(vec, vec, kind, fc.nat(), async (shape, size, kind, seed) => {
        const corner = sourceOf(shape, (x, y, z) => Number(x + y + z === 0));
        const spec = kind === 'pos-neg' ? { kind, negative: 0 } : { kind, foreground: 0.5 };
        const [first, ...others] = await boxesOf(corner, size, 6, spec, { seed: String(seed) });
        for (const { start, size: read } of [first!, ...others]) {
          expect(read).toEqual(size);
          start.forEach((from, at) => {
            const last = shape[at]! - size[at]!;
            // Where it is larger the volume lies in its middle.
            const middle = -Math.floor(-last / 2);
            expect(from).toBeGreaterThanOrEqual(Math.min(0, middle));
            expect(from).toBeLessThanOrEqual(last < 0 ? middle : last);
          });
        }
        expect(first!.start.every((from) => from <= 0)).toBe(true);
      }),
    );
  });

  it('are of the other kind where a case has none of one', async () => {
    for (const value of [0, 3]) {
      const even = sourceOf([6, 6, 6], () => value);
      const seen = await boxesOf(even, ONE, 60, { kind: 'pos-neg' });
      expect(new Set(seen.map(({ start }) => start.join())).size).toBeGreaterThan(30);
      expect(await boxesOf(even, ONE, 4, { kind: 'oversampled', foreground: 1 })).toHaveLength(4);
    }
  });

  it('are those of the seed, the case and their number, whichever are read first', async () => {
    const read = (more?: Parameters<typeof boxesOf>[4]) =>
      boxesOf(halves, [3, 3, 3], 5, { kind: 'pos-neg' }, more);
    const boxes = await read();
    expect(await read()).toEqual(boxes);
    expect(await read({ batch: 2 })).toEqual(boxes);
    expect(await read({ seed: 'another' })).not.toEqual(boxes);
    expect(await read({ name: '1' })).not.toEqual(boxes);
    halves.boxes.length = 0;
    const sampling = samplingSchema.parse({ kind: 'pos-neg' });
    const spec: PatchesSpec = { size: [3, 3, 3], perCase: 5, sampling };
    const loads = patchesOf(halves.source, spec, '0').toReversed();
    for (const load of loads) await load({ epoch: seededRandom('epoch'), index: 0, batch: 1 });
    expect(halves.boxes.toReversed()).toEqual(boxes);
  });
});
