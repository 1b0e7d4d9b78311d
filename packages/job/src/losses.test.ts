import { describe, expect, it } from 'vitest';
import { type JobInput, jobDigest, jobSchema } from './job.js';

const input: JobInput = {
  name: 'lesions',
  classes: ['background', 'lesion', 'scar'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 2 },
  seed: 1,
};

const problems = (loss: object, classes = input.classes) =>
  jobSchema
    .safeParse({ ...input, classes, training: { batchSize: 1, loss } })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('a loss', () => {
  it('that is not named is Dice with cross-entropy, in the bytes it had when there was no other', () => {
    // Recorded with the version before there was another.
    const before = 'b1334f33b5631438b2767c9a42b70892d06aad83fd210c510d8ae3aaebf0d492';
    expect(jobDigest(jobSchema.parse(input))).toBe(before);
    const named = { ...input, training: { batchSize: 1, loss: { kind: 'dice-ce' } } } as const;
    expect(jobDigest(jobSchema.parse(named))).toBe(before);
  });

  it('has a weight for each class, the background among them, or is refused', () => {
    expect(problems({ kind: 'dice', classWeights: [1, 2, 3] })).toEqual([]);
    expect(problems({ kind: 'dice-ce', classWeights: [1, 2] })).toEqual([
      'training.loss.classWeights: has 2 weights for 3 classes, the background among them',
    ]);
    expect(problems({ kind: 'dice', classWeights: [1, 0, 1] })).toHaveLength(1);
  });

  it('is refused where its weights would weigh one class against none', () => {
    const alone = (kind: string) =>
      problems({ kind, includeBackground: false, classWeights: [1, 2] }, ['background', 'lesion']);
    const refusal =
      'training.loss.classWeights: weighs nothing where the background is left out of two classes';
    expect([alone('dice'), alone('dice-focal')]).toEqual([[refusal], [refusal]]);
    // A cross-entropy is of both.
    expect(problems({ kind: 'cross-entropy', classWeights: [1, 2] }, ['none', 'lesion'])).toEqual(
      [],
    );
    expect(alone('dice-ce')).toEqual([]);
  });

  it('is refused where it says what its kind does not know', () => {
    expect(problems({ kind: 'tversky', classWeights: [1, 1, 1] })).toHaveLength(1);
    expect(problems({ kind: 'dice', gamma: 2 })).toHaveLength(1);
    expect(problems({ kind: 'jaccard' })).toHaveLength(1);
  });
});
