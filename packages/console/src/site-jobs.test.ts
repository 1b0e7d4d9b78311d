import type { DiaryEntry } from '@fedvox/agent/records';
import { describe, expect, it } from 'vitest';
import { lastLosses, siteJobs } from './site-jobs.js';

const digest = 'a'.repeat(64);
const begun = (job: string, round: number, atMs: number, work = 'train' as const): DiaryEntry => ({
  ...{ kind: 'work-begun', atMs, job, round, work, jobDigest: digest },
});
const epoch = (job: string, round: number, number: number, loss: number): DiaryEntry => ({
  ...{ kind: 'epoch', atMs: 5, job, round, epoch: number, epochs: 2, loss },
});
const ended = (round: number, end: 'done' | 'failed'): DiaryEntry => ({
  ...{ kind: 'work-ended', atMs: 9, job: 'a', round, work: 'train', end },
  ...{ code: end === 'failed' ? 'agent/trainer-died' : null, message: null },
});

describe('the diary by job', () => {
  it('tells of a round’s last attempt, and how many there were', () => {
    const [job] = siteJobs([
      begun('a', 1, 1),
      epoch('a', 1, 1, 0.9),
      ended(1, 'failed'),
      begun('a', 1, 3),
      epoch('a', 1, 1, 0.8),
      epoch('a', 1, 2, 0.4),
      ended(1, 'done'),
    ]);
    expect(job?.rounds).toMatchObject([
      { round: 1, attempts: 2, begunAtMs: 3, ended: { end: 'done', code: null } },
    ]);
    expect(job?.rounds[0]?.losses.map(({ loss }) => loss)).toEqual([0.8, 0.4]);
    expect(job).toMatchObject({ id: 'a', digest, lastAtMs: 9, gate: null });
  });

  it('has the job that was worked on last first, with its losses through all rounds', () => {
    const jobs = siteJobs([
      begun('old', 1, 1),
      begun('new', 1, 2),
      epoch('new', 1, 1, 0.5),
      { kind: 'agent-stopped', atMs: 20, refusal: null },
      begun('new', 2, 30),
      epoch('new', 2, 1, 0.25),
      epoch('old', 1, 1, 7),
    ]);
    expect(jobs.map(({ id }) => id)).toEqual(['new', 'old']);
    expect(lastLosses(jobs)).toMatchObject([
      { round: 1, loss: 0.5 },
      { round: 2, loss: 0.25 },
    ]);
  });

  it('leaves out what it does not know the beginning of, and keeps the gate by itself', () => {
    const gate: DiaryEntry = {
      ...{ kind: 'gate', atMs: 3, job: 'a', outcome: 'pass', validationCases: 6 },
    };
    const [job] = siteJobs([ended(4, 'done'), begun('a', 0, 2, 'check-data' as never), gate]);
    expect(job?.rounds).toEqual([]);
    expect(job?.gate).toEqual(gate);
    expect(siteJobs([])).toEqual([]);
    expect(lastLosses([])).toEqual([]);
  });
});
