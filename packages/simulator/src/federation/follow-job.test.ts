import { VirtualClock } from '@fedvox/base';
import type { JobDetails } from '@fedvox/coordinator';
import { describe, expect, it } from 'vitest';
import { followJob, settledRows } from './follow-job.js';
import type { RunProgress } from './run-progress.js';

const row = (round: number, dice: number | null) => ({
  round,
  modelSha256: 'ab'.repeat(32),
  sites: [],
  dice,
  auc: null,
});

function job(changes: Partial<JobDetails>): JobDetails {
  return {
    id: 'job-1',
    name: 'job',
    status: 'running',
    reason: null,
    round: 1,
    totalRounds: 2,
    submittedAtMs: 0,
    jobSha256: 'cd'.repeat(32),
    bestBy: 'dice',
    maxShare: 0.5,
    verdicts: [],
    gate: [],
    rounds: [row(0, null)],
    nextRound: null,
    orders: [],
    refused: [],
    best: null,
    current: open(1),
    ...changes,
  };
}

function open(round: number): NonNullable<JobDetails['current']> {
  const site = { site: 'north', reason: null, lastSeenAtMs: 0, state: 'training' } as const;
  return {
    kind: 'train',
    round,
    phase: 'open',
    deadlineAtMs: null,
    graceEndsAtMs: null,
    sites: [
      { ...site, answer: 'awaited' },
      { ...site, site: 'south', answer: 'answered' },
    ],
  };
}

describe('following a job', () => {
  it('takes the figures of a model as settled once the round that reports them has closed', () => {
    expect(settledRows(job({ rounds: [row(0, 0.1)], current: open(1) }))).toEqual([]);
    const later = job({ rounds: [row(0, 0.1), row(1, 0.4)], current: open(2) });
    expect(settledRows(later).map(({ round }) => round)).toEqual([0]);
    const over = job({ status: 'completed', rounds: [row(0, 0.1), row(1, 0.4)], current: null });
    expect(settledRows(over).map(({ round }) => round)).toEqual([0, 1]);
  });

  it('tells every settled round once, and what the sites are doing in between', async () => {
    const states = [
      job({ rounds: [row(0, 0.1)] }),
      job({ rounds: [row(0, 0.1), row(1, 0.4)], current: open(2) }),
      job({ rounds: [row(0, 0.1), row(1, 0.4)], current: open(2) }),
      job({ status: 'completed', rounds: [row(0, 0.1), row(1, 0.4), row(2, 0.6)], current: null }),
    ];
    const told: RunProgress[] = [];
    const clock = new VirtualClock();
    const following = followJob({ job: async () => states.shift() as JobDetails }, 'job-1', {
      clock,
      signal: new AbortController().signal,
      onProgress: (progress) => told.push(progress),
    });
    const end = await clock.passUntil(following);
    expect(end.status).toBe('completed');
    expect(told.map((each) => (each.kind === 'round' ? each.row.round : each.kind))).toEqual([
      'activity',
      0,
      'activity',
      'activity',
      1,
      2,
    ]);
    expect(told[0]).toEqual({
      kind: 'activity',
      round: 1,
      rounds: 2,
      sites: [
        { site: 'north', state: 'training' },
        { site: 'south', state: 'answered' },
      ],
    });
  });

  it.each(['failed', 'aborted'] as const)('ends when the job has %s', async (status) => {
    const end = await followJob({ job: async () => job({ status }) }, 'job-1', {
      clock: { ...new VirtualClock(), sleep: () => Promise.reject(new Error('waited')) },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    expect(end.status).toBe(status);
  });
});
