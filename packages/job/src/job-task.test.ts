import { describe, expect, it } from 'vitest';
import { decodeJob, encodeJob, type JobInput, jobSchema } from './job.js';
import { isOfCases } from './job-task.js';

const input = {
  name: 'tumours',
  task: { kind: 'classification' },
  classes: ['normal', 'tumour'],
  preprocess: [{ kind: 'crop-or-pad', size: [32, 32, 32] }],
  network: {
    ...{ kind: 'densenet', blocks: [2, 2] },
    norm: { kind: 'batch', statistics: 'averaged' },
  },
  training: { batchSize: 4, loss: { kind: 'cross-entropy', classWeights: [1, 3] } },
  evaluation: { bestBy: 'auc', auc: { level: 'case', classes: ['tumour'] } },
  federation: { rounds: 3, minSites: 2 },
  seed: 1,
} satisfies JobInput;

const problems = (changes: object) =>
  jobSchema
    .safeParse({ ...input, ...changes })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('a job that classifies cases', () => {
  it('says so, and comes back from its bytes', () => {
    const job = jobSchema.parse(input);
    expect(isOfCases(job)).toBe(true);
    expect(decodeJob(encodeJob(job))).toEqual(job);
    expect(isOfCases({})).toBe(false);
  });

  it.each([
    [
      { task: undefined },
      'network.kind: is densenet, which says a class of a case: that is task: {kind: classification}',
    ],
    [
      { network: { kind: 'unet', channels: [4, 8], strides: [2] } },
      'network.kind: is unet, which says a class of each voxel; cases are classified by densenet',
    ],
    [
      { training: { batchSize: 4 } },
      'training.loss.kind: is dice-ce, which is of voxels; cases are classified by cross-entropy',
    ],
    [
      {
        augment: [
          { kind: 'flip', axes: ['x'] },
          { kind: 'crop', size: [8, 8, 8] },
        ],
      },
      'augment.1.kind: cuts patches, but a class is of the whole case',
    ],
    [
      { training: { ...input.training, patches: { size: [8, 8, 8] } } },
      'training.patches: cuts patches, but a class is of the whole case',
    ],
    [
      { inference: { roi: [32, 32, 32] } },
      'inference.roi: is of label maps, and classification makes none',
    ],
    [
      { inference: { flips: ['x'] } },
      'inference.flips: is of label maps, and classification makes none',
    ],
    [
      { inference: { postprocess: [{ kind: 'fill-holes' }] } },
      'inference.postprocess: is of label maps, and classification makes none',
    ],
    [
      { evaluation: { ...input.evaluation, bestBy: 'dice' } },
      'evaluation.bestBy: is dice, which classification does not have; it has the auc',
    ],
    [
      { evaluation: { bestBy: 'auc', auc: { level: 'voxel', classes: ['tumour'] } } },
      'evaluation.auc.level: is voxel; the classes here are of cases',
    ],
    [
      {
        federation: {
          ...input.federation,
          strategy: { kind: 'q-fedavg', q: 1, lipschitz: 10 },
        },
      },
      "federation.strategy.kind: is q-fedavg, which counts by each site's Dice: classification has none",
    ],
    [
      { task: { kind: 'regression' } },
      'task.kind: must be classification; segmentation is what a job says nothing of',
    ],
  ])('is refused with what classification does not know, by its name: %j', (changes, problem) => {
    expect(problems(changes)).toContain(problem);
  });
});
