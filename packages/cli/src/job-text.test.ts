import type { JobDetails } from '@fedvox/coordinator';
import { describe, expect, it } from 'vitest';
import { jobText } from './job-text.js';

const job: JobDetails = {
  id: 'lesions-1',
  name: 'lesions',
  status: 'running',
  reason: null,
  round: 2,
  totalRounds: 3,
  submittedAtMs: 0,
  jobSha256: 'ab'.repeat(32),
  bestBy: 'dice',
  gate: [
    { site: 'north', outcome: 'pass' },
    { site: 'south', outcome: 'too-few-cases' },
    { site: 'west', outcome: null },
  ],
  rounds: [
    {
      round: 1,
      modelSha256: 'cd'.repeat(32),
      sites: [{ site: 'north', dice: 0.5, auc: null, weight: 3 }],
      dice: 0.5,
      auc: null,
    },
  ],
  best: { round: 1, sha256: 'cd'.repeat(32) },
  current: {
    kind: 'train',
    round: 2,
    phase: 'open',
    deadlineAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    sites: [{ site: 'north', answer: 'awaited', state: 'training', lastSeenAtMs: 0 }],
  },
};

describe('a job for its operator', () => {
  it('tells where it stands, who was left out and why, its figures, and who is awaited until when', () => {
    expect(jobText(job)).toBe(`Job lesions-1: running, round 2 of 3

site   data gate
-----  -------------
north  pass
south  too-few-cases
west   awaited

Validation Dice / AUC of the global model after each round:

round      north  all sites
-----  ---------  ---------
1 *    0.500 / -  0.500 / -

* Best model: round 1
  sha256 ${'cd'.repeat(32)}
  fedvox job model lesions-1 --output lesions-1.safetensors

Now: train, open, until 2026-01-02T03:04:05Z

site   answer   state     last seen
-----  -------  --------  --------------------
north  awaited  training  1970-01-01T00:00:00Z`);
  });

  it('tells which sites a mean is without, those that never sent a figure among them', () => {
    const gate = [...job.gate, { site: 'zuid', outcome: 'pass' as const }];
    expect(jobText({ ...job, gate })).toContain(`
round      north   zuid  all sites  of sites
-----  ---------  -----  ---------  --------------------
1 *    0.500 / -  - / -  0.500 / -  1 of 2, without zuid
`);
  });

  it('tells why a finished job has no best model, and how to take one by its round', () => {
    const rounds = job.rounds.map((row) => ({
      ...row,
      dice: null,
      sites: row.sites.map((cell) => ({ ...cell, dice: null })),
    }));
    const text = jobText({ ...job, status: 'completed', best: null, rounds, current: null });
    expect(text).toMatch(/No best model: no site has sent a dice figure .*minCasesForMetrics/);
    expect(text).toContain('fedvox job model lesions-1 --round N');
  });

  it('tells why it failed, and leaves out what there is not', () => {
    const failed = jobText({
      ...job,
      status: 'failed',
      reason: 'quorum-not-reached',
      best: null,
      current: null,
    });
    expect(failed).toMatch(/^Job lesions-1: failed \(quorum-not-reached\), round 2 of 3\n/);
    expect(failed).not.toMatch(/Best model|Now:/);
  });
});
