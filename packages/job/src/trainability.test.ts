import { describe, expect, it } from 'vitest';
import { type JobInput, jobSchema } from './job.js';
import { networkSchema } from './networks.js';
import { faultText, jobFaults, sizeFault } from './trainability.js';

const input: JobInput = {
  name: 'lesions',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }, { kind: 'crop-or-pad', size: [16, 16, 8] }],
  network: { kind: 'unet', channels: [4, 8, 16], strides: [2, 2] },
  training: { batchSize: 2 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 1 },
  seed: 1,
};
const textsOf = (changes: Partial<JobInput>) =>
  jobFaults(jobSchema.parse({ ...input, ...changes })).map(faultText);
const training = (optimizer: object) => ({
  training: { batchSize: 2, optimizer: { kind: 'adam' as const, ...optimizer } },
});

describe('a job that can be trained', () => {
  it('has no fault', () => {
    expect(textsOf({})).toEqual([]);
    expect(textsOf({ augment: [{ kind: 'crop', size: [8, 8, 4] }] })).toEqual([]);
    expect(textsOf(training({ beta1: 0.999_999, beta2: 0 }))).toEqual([]);
  });

  it('is left to the data where its steps leave the size to them', () => {
    const preprocess: JobInput['preprocess'] = [{ kind: 'crop-or-pad', size: [7, 7, 7] }];
    for (const last of [
      { kind: 'orient' },
      { kind: 'resample', spacingMm: [1, 1, 1] },
      { kind: 'crop-foreground' },
    ] as const) {
      expect(textsOf({ preprocess: [...preprocess, last as never] })).toEqual([]);
    }
  });
});

describe('a job that cannot be trained, whatever the data,', () => {
  it.each([
    [
      'has a size that its strides cannot divide',
      { preprocess: [{ kind: 'crop-or-pad', size: [16, 18, 8] }] },
      'the network cannot take 16×18×8 voxels: it needs multiples of 4',
    ],
    [
      'has one voxel at the bottom of its network',
      { preprocess: [{ kind: 'crop-or-pad', size: [4, 4, 4] }] },
      "of 4×4×4 voxels one is left at the network's bottom, where its norm needs two",
    ],
    [
      'cuts patches of which one voxel is left at the bottom',
      { augment: [{ kind: 'crop', size: [4, 4, 4] }] },
      "of 4×4×4 voxels one is left at the network's bottom, where its norm needs two",
    ],
    [
      'predicts in windows of which one voxel is left at the bottom',
      { inference: { roi: [4, 4, 4] } },
      "of 4×4×4 voxels one is left at the network's bottom, where its norm needs two",
    ],
    [
      'cuts patches larger than its volumes',
      { augment: [{ kind: 'crop', size: [16, 16, 16] }] },
      'a patch of 16×16×16 voxels does not fit into 16×16×8',
    ],
    [
      'cuts patches larger than its patches',
      {
        augment: [
          { kind: 'crop', size: [8, 8, 8] },
          { kind: 'crop', size: [16, 8, 8] },
        ],
      },
      'a patch of 16×8×8 voxels does not fit into 8×8×8',
    ],
    [
      'has a mean that is never renewed',
      training({ beta1: 1 }),
      'training.optimizer.beta1 is 1: the first step would divide 0 by 0',
    ],
    [
      'has a variance that is never renewed',
      training({ beta2: 1 }),
      'training.optimizer.beta2 is 1: the first step would divide 0 by 0',
    ],
    [
      'takes images of several channels',
      { network: { ...input.network, inChannels: 2 } },
      'the network takes 2 input channels; a case has one image',
    ],
  ] as [string, Partial<JobInput>, string][])('%s', (_, changes, text) => {
    expect(textsOf(changes)).toEqual([text]);
  });

  it('has all its faults told at once', () => {
    expect(
      textsOf({ ...training({ beta1: 1 }), augment: [{ kind: 'crop', size: [17, 16, 8] }] }),
    ).toHaveLength(3);
  });
});

describe('a size of which a network', () => {
  const network = networkSchema.parse({
    ...{ kind: 'densenet', blocks: [2, 2, 2] },
    norm: { kind: 'batch', statistics: 'averaged' },
  });

  it('leaves nothing at its bottom, or one voxel for norms that need two, cannot be trained on', () => {
    const textOf = (size: [number, number, number]) => {
      const fault = sizeFault(network, size);
      return fault && faultText(fault);
    };
    expect(textOf([32, 32, 12])).toBe("of 32×32×12 voxels nothing is left at the network's bottom");
    expect(textOf([13, 24, 24])).toContain('of 13×24×24 voxels one is left');
    expect(textOf([13, 24, 29])).toBeUndefined();
  });
});
