import { seededRandom } from '@fedvox/base';
import type { AugmentStep } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { ballCase } from '../testing/phantoms.js';
import { type BatchOptions, epochBatches } from './batches.js';

const ball = ballCase(seededRandom('ball'));

/** A case that can be told apart by its first voxel. */
function numbered(index: number) {
  const data = Float32Array.from(ball.image.data);
  data[0] = index;
  return { ...ball, image: { ...ball.image, data } };
}

function options(changes: Partial<BatchOptions> = {}): BatchOptions {
  return {
    cases: Array.from({ length: 7 }, (_, index) => async () => numbered(index)),
    batchSize: 3,
    augment: [],
    divisor: [2, 2, 2],
    random: seededRandom('epoch'),
    ...changes,
  };
}

async function numbersOf(changes: Partial<BatchOptions> = {}): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of epochBatches(options(changes))) {
    batches.push(batch.map(({ image }) => image.data[0] as number));
  }
  return batches;
}

describe('the batches of an epoch', () => {
  it('show every case once, in an order drawn from the stream', async () => {
    const batches = await numbersOf();
    expect(batches.map((batch) => batch.length)).toEqual([3, 3, 1]);
    expect(batches.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await numbersOf()).toEqual(batches);
    expect(await numbersOf({ random: seededRandom('another') })).not.toEqual(batches);
  });

  it('augment each case by its own stream, and never the case itself', async () => {
    const before = Float32Array.from(ball.image.data);
    const cases = [async () => ball, async () => ball];
    const flip: AugmentStep = { kind: 'flip', axes: ['x', 'y', 'z'], probability: 0.5 };
    const augmented: Float32Array[] = [];
    for (let epoch = 0; epoch < 4; epoch++) {
      const random = seededRandom(epoch);
      for await (const batch of epochBatches(options({ cases, augment: [flip], random }))) {
        augmented.push(...batch.map(({ image }) => image.data));
      }
    }
    expect(new Set(augmented.map((data) => data.join())).size).toBeGreaterThan(2);
    expect(ball.image.data).toEqual(before);
  });

  it('refuse cases of different sizes in one batch', async () => {
    const other = { shape: [4, 8, 8] as const, affineRas: ball.image.affineRas };
    const smaller = {
      caseId: 'patient_2',
      image: { ...other, data: new Float32Array(256) },
      label: { ...other, data: new Uint8Array(256) },
    };
    const cases = [async () => ({ ...ball, caseId: 'patient_1' }), async () => smaller];
    await expect(numbersOf({ cases })).rejects.toMatchObject({
      code: 'learning/unequal-sizes',
      message: expect.stringMatching(/(?=.*8×8×8 \(case patient_1\)).*4×8×8 \(case patient_2\)/),
    });
  });

  it('refuse sizes that the network cannot halve often enough', async () => {
    await expect(numbersOf({ divisor: [16, 16, 16] })).rejects.toThrow(
      'the network cannot take 8×8×8 voxels: it needs multiples of 16',
    );
    const named = [async () => ({ ...ball, caseId: 'patient_1' })];
    await expect(numbersOf({ cases: named, divisor: [16, 16, 16] })).rejects.toThrow(
      'case patient_1: the network cannot take 8×8×8 voxels',
    );
  });

  it('pass on what loading a later batch threw when its turn comes', async () => {
    const failing = async () => {
      throw new Error('the disk is gone');
    };
    const cases = [async () => ball, failing];
    let seen = 0;
    const all = async () => {
      for await (const _ of epochBatches(options({ cases, batchSize: 1 }))) seen++;
    };
    await expect(all()).rejects.toThrow('the disk is gone');
    expect(seen).toBeLessThanOrEqual(1);
  });
});
