import { type Size, type SpacingMm, sizeDivisor } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fingerprint } from './fingerprint.js';
import { planJob } from './plan-job.js';

const GIB = 2 ** 30;

function dataOf(
  cases: number,
  spacing: SpacingMm,
  size: Size,
  more: Partial<Fingerprint> = {},
): Fingerprint {
  return {
    cases,
    modality: 'MR',
    spacingsMm: Array(cases).fill(spacing),
    sizes: Array(cases).fill(size),
    keptPart: 1,
    intensities: { mean: 100, standardDeviation: 20, low: 60, high: 150 },
    ...more,
  };
}

const plan = (data: Fingerprint, memoryGiB = 8) =>
  planJob(data, {
    name: 'plan',
    classes: ['background', 'organ'],
    memoryBytes: memoryGiB * GIB,
    seed: 1,
  });

describe('a planned job', () => {
  it('has the patch and the batch that nnU-Net publishes for the hippocampus', () => {
    const { job } = plan(dataOf(260, [1, 1, 1], [36, 50, 35]));
    expect(job.training.patches?.size).toEqual([40, 56, 40]);
    expect(job.training.batchSize).toBe(9);
    expect(job.preprocess.map(({ kind }) => kind)).toEqual(['orient', 'resample', 'zscore']);
  });

  it('scales a CT by what its structures have', () => {
    const { job } = plan(dataOf(30, [1, 1, 1], [64, 64, 64], { modality: 'CT' }));
    const last = job.preprocess.at(-1);
    expect(last).toEqual({ kind: 'intensity-range', from: [60, 150], to: [-2, 2.5], clip: true });
  });

  it('cuts off what is empty where that is much, and leaves it out of the z-score', () => {
    const { job } = plan(dataOf(30, [1, 1, 1], [64, 64, 64], { keptPart: 0.4 }));
    expect(job.preprocess.slice(2)).toEqual([
      { kind: 'crop-foreground', above: 0, marginVoxels: 0 },
      { kind: 'zscore', nonzero: true },
    ]);
  });

  it('holds in the memory it is given, with a patch that its network can take, whatever the data', () => {
    const edge = fc.integer({ min: 64, max: 600 });
    const mm = fc.double({ min: 0.3, max: 6, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(edge, edge, edge),
        fc.tuple(mm, mm, mm),
        fc.integer({ min: 2, max: 500 }),
        fc.integer({ min: 3, max: 80 }),
        (size, spacing, cases, memoryGiB) => {
          const { job, trainingBytes } = plan(dataOf(cases, spacing, size), memoryGiB);
          expect(trainingBytes).toBeLessThanOrEqual(memoryGiB * GIB);
          const divisor = sizeDivisor(job.network);
          expect(
            job.training.patches?.size.map((voxels, axis) => voxels % (divisor[axis] as number)),
          ).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes a larger patch where there is more memory', () => {
    const voxels = (memoryGiB: number) =>
      plan(dataOf(30, [1, 1, 1], [300, 300, 300]), memoryGiB).job.training.patches?.size.reduce(
        (a, b) => a * b,
      ) as number;
    expect(voxels(4)).toBeLessThan(voxels(8));
    expect(voxels(8)).toBeLessThan(voxels(80));
  });

  it('is none where not even the smallest fits, or nothing can be halved', () => {
    expect(() => plan(dataOf(30, [1, 1, 1], [64, 64, 64]), 0.2)).toThrow('needs more than 0.2 GiB');
    expect(() => plan(dataOf(30, [1, 1, 1], [10, 10, 10]))).toThrow('too few to be halved twice');
  });
});
