import { newJobSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { jobOfVariant } from './variants.js';

const job = newJobSchema.parse({
  name: 'tale',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1, loss: { kind: 'dice-ce', includeBackground: false } },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 2, grace: '1m' },
  seed: 1,
});
const variant = (changes: Record<string, unknown>) => ({
  name: 'other',
  job: changes,
  events: true,
});

describe('a variant’s job', () => {
  it('is the scenario’s with what it changes, and the seed of its run', () => {
    const changes = { federation: { strategy: { kind: 'fedprox', mu: 0.1 }, grace: null } };
    const changed = jobOfVariant(job, variant(changes), 5);
    const { strategy, grace, ...rest } = changed.federation;
    const { strategy: _, grace: __, ...before } = job.federation;
    expect([strategy, grace, rest, changed.seed]).toEqual([
      { kind: 'fedprox', mu: 0.1 },
      undefined,
      before,
      5,
    ]);
    expect(jobOfVariant(job, variant({}), 1)).toEqual(job);
  });

  it('is refused by its place where it cannot be', () => {
    const refusal = (changes: Record<string, unknown>) => () =>
      jobOfVariant(job, variant(changes), 1);
    expect(refusal({ federation: { rounds: 0 }, colour: 'red' })).toThrow(
      /variant other .*job\.federation\.rounds.*colour/,
    );
    const krum = { federation: { strategy: { kind: 'krum', byzantine: 1 } } };
    expect(refusal(krum)).toThrow(/variant other/);
  });
});
