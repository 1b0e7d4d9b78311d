import { encodeJob, type JobInput, jobDigest, jobSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { sitePolicySchema } from '../policy/site-policy.js';
import { TEST_JOB } from '../testing/site.js';
import { approvalCard } from './approval-card.js';

const policy = sitePolicySchema.parse({ approval: 'ask', weightSource: 'uniform' });

function cardOf(changes: Partial<JobInput> = {}, parameters = 1_000, by = policy) {
  const job = jobSchema.parse({ ...TEST_JOB, ...changes });
  const jobText = Buffer.from(encodeJob(job)).toString('utf8');
  const asked = { job: 'lesion-1', jobDigest: jobDigest(job), askedAtMs: 1, lastAskedAtMs: 2 };
  return approvalCard({ ...asked, parameters, jobText }, undefined, by);
}

describe('what a person is shown before a job begins', () => {
  it('says what it asks of the site, and what the site keeps back', () => {
    expect(cardOf()).toMatchObject({
      name: 'lesion',
      preprocess: ['zscore (nonzero: false)', 'crop-or-pad (size: [16,16,16])'],
      classes: ['background', 'organ'],
      localEpochs: 1,
      localSteps: null,
      privacy: { minCasesForMetrics: 5, weightSource: 'uniform', minCohort: 3 },
      answer: null,
    });
  });

  it('says about how large what leaves is, by the encoding that the job names', () => {
    const { federation } = TEST_JOB;
    const sizeOf = (encoding: object) =>
      cardOf({ federation: { ...federation, encoding: encoding as never } }).leaves.roundBytes;
    expect(cardOf().leaves).toEqual({
      ...{ encoding: 'float32', roundBytes: 4_000, totalBytes: 8_000, dataSummary: false },
    });
    expect(sizeOf({ kind: 'bfloat16' })).toBe(2_000);
    expect(sizeOf({ kind: 'int8' })).toBe(1_000);
    expect(sizeOf({ kind: 'top-k', fraction: 0.1 })).toBe(600);
  });

  it('says that the data are summed up where the job asks and policy shares it, and only there', () => {
    const sharing = { ...policy, shareDataSummary: true };
    const asking = { data: { summary: true } } as const;
    expect(cardOf(asking).leaves.dataSummary).toBe(false);
    expect(cardOf({}, 9, sharing).leaves.dataSummary).toBe(false);
    expect(cardOf(asking, 9, sharing).leaves.dataSummary).toBe(true);
  });

  it('shows no answer that was given for other bytes', () => {
    const { jobDigest: digest } = cardOf();
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const job = jobSchema.parse(TEST_JOB);
    const asked = {
      ...{ job: 'lesion-1', jobDigest: digest, askedAtMs: 1, lastAskedAtMs: 2, parameters: 9 },
      jobText: Buffer.from(encodeJob(job)).toString('utf8'),
    };
    const answer = {
      job: 'lesion-1',
      verdict: 'approved',
      atMs: 3,
      by: 'anna',
      reason: null,
    } as const;
    const shown = (given: string) =>
      approvalCard(asked, { ...answer, jobDigest: given }, policy).answer?.verdict;
    expect(shown(digest)).toBe('approved');
    expect(shown('0'.repeat(64))).toBeUndefined();
  });
});
