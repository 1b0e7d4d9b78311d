import { describe, expect, it } from 'vitest';
import { decodeJob, encodeJob, type JobInput, jobSchema } from './job.js';
import { inferenceOf, samplesOf } from './patches.js';
import { faultText, jobFaults } from './trainability.js';

const input: JobInput = {
  name: 'lesions',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8, 16], strides: [2, 2] },
  training: { batchSize: 2 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 1 },
  seed: 1,
};
type Patches = JobInput['training']['patches'];
const withPatches = (patches: Patches, more: Partial<JobInput> = {}) =>
  jobSchema.parse({ ...input, ...more, training: { batchSize: 2, patches } });
const faultsOf = (patches: Patches, more?: Partial<JobInput>) =>
  jobFaults(withPatches(patches, more)).map(faultText);

describe('a job that trains on patches', () => {
  it('says how large they are, and of the rest what it wants', () => {
    const job = withPatches({ size: [16, 16, 8] });
    const sampling = { kind: 'pos-neg', positive: 1, negative: 1 };
    expect(job.training.patches).toEqual({ size: [16, 16, 8], perCase: 1, sampling });
    const oversampled = { size: [8, 8, 8], sampling: { kind: 'oversampled' } } satisfies Patches;
    expect(withPatches(oversampled).training.patches?.sampling).toMatchObject({ foreground: 0.33 });
    expect(decodeJob(encodeJob(job))).toEqual(job);
    expect(faultsOf({ size: [16, 16, 8] })).toEqual([]);
  });

  it('shows so many of each case in an epoch', () => {
    const { patches } = withPatches({ size: [8, 8, 8], perCase: 4 }).training;
    expect(samplesOf(5, patches)).toBe(20);
    expect(samplesOf(5, undefined)).toBe(5);
  });

  it('predicts in windows of their size, unless it says another', () => {
    const patches: Patches = { size: [16, 16, 8] };
    expect(inferenceOf(withPatches(patches))).toEqual({ overlap: 0.25, roi: [16, 16, 8] });
    const roi: [number, number, number] = [32, 32, 8];
    expect(inferenceOf(withPatches(patches, { inference: { roi } })).roi).toEqual(roi);
    expect(inferenceOf(jobSchema.parse(input))).toEqual({ overlap: 0.25 });
  });

  it('is refused where the network does not divide them, once and by name', () => {
    expect(faultsOf({ size: [16, 18, 8] })).toEqual([
      'the network cannot take 16×18×8 voxels: it needs multiples of 4',
    ]);
    // What a crop makes of a patch is trained on; windows are still of the patch.
    const augment: JobInput['augment'] = [{ kind: 'crop', size: [8, 8, 8] }];
    expect(faultsOf({ size: [16, 18, 8] }, { augment })).toHaveLength(1);
    expect(faultsOf({ size: [16, 18, 8] }, { augment, inference: { roi: [8, 8, 8] } })).toEqual([]);
  });

  it('may have patches larger than its volumes, which crops may not be', () => {
    const preprocess: JobInput['preprocess'] = [{ kind: 'crop-or-pad', size: [8, 8, 8] }];
    expect(faultsOf({ size: [16, 16, 16] }, { preprocess })).toEqual([]);
    const augment: JobInput['augment'] = [{ kind: 'crop', size: [16, 8, 8] }];
    expect(faultsOf({ size: [8, 8, 8] }, { augment })).toEqual([
      'a patch of 16×8×8 voxels does not fit into 8×8×8',
    ]);
  });

  it.each([
    ['neither positive nor negative', { kind: 'pos-neg', positive: 0, negative: 0 }],
    ['a negative part', { kind: 'pos-neg', negative: -1 }],
    ['more than all', { kind: 'oversampled', foreground: 1.1 }],
    ['what another kind has', { kind: 'oversampled', positive: 1 }],
  ])('is refused with a sampling of %s', (_, sampling) => {
    const patches = { size: [8, 8, 8], sampling };
    expect(jobSchema.safeParse({ ...input, training: { batchSize: 2, patches } }).success).toBe(
      false,
    );
  });
});
