import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { fail } from '../errors.js';
import type { CoordinatorEvent, JobDetails } from '../rest-contract.js';
import { followJob, type JobNews } from './job-follower.js';

const event = (sequence: number, fact: CoordinatorEvent['fact']): CoordinatorEvent => ({
  sequence,
  jobId: 'a',
  atMs: sequence * 1_000,
  fact,
});
const details = (status: JobDetails['status']) =>
  ({ status, totalRounds: 3, rounds: [] }) as unknown as JobDetails;

/** A coordinator whose answers are written down: a page of events each, or a break. */
async function follow(pages: (CoordinatorEvent[] | 'broken')[], statuses: JobDetails['status'][]) {
  const news: JobNews[] = [];
  const asked: number[] = [];
  let breaks = 0;
  const clock = new VirtualClock();
  const following = followJob(
    {
      job: async () => details((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 'running'),
      events: async (after) => {
        asked.push(after);
        const page = pages.shift() ?? [];
        if (page !== 'broken') return page;
        throw fail('coordinator-unreachable', { address: 'x:1', reason: 'gone' });
      },
    },
    'a',
    {
      clock,
      jitter: () => 0,
      signal: new AbortController().signal,
      onNews: (each) => news.push(each),
      onReconnect: () => breaks++,
    },
  );
  const end = await clock.passUntil(following);
  return { news, asked, breaks, end };
}

describe('following a job', () => {
  it('tells its own events in order, and ends when nothing more is known of an ended job', async () => {
    const { news, asked, end } = await follow(
      [[event(2, { kind: 'job-paused' })], [event(3, { kind: 'job-resumed' })], []],
      ['running', 'running', 'completed'],
    );
    expect(news.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ['job-paused', 2_000],
      ['job-resumed', 3_000],
    ]);
    expect(asked).toEqual([0, 2, 3]);
    expect(end.status).toBe('completed');
  });

  it('goes on after a failure that was resumed', async () => {
    const failed = event(1, { kind: 'job-failed', reason: 'quorum-not-reached' });
    const { end } = await follow(
      [[failed, event(2, { kind: 'job-resumed' })], [], [event(3, { kind: 'job-aborted' })], []],
      ['running', 'running', 'running', 'aborted'],
    );
    expect(end.status).toBe('aborted');
  });

  it('waits for a coordinator that restarts, and does not lose its place', async () => {
    const { asked, breaks } = await follow(
      [[event(7, { kind: 'job-paused' })], 'broken', 'broken', []],
      ['completed'],
    );
    expect(asked).toEqual([0, 7, 7, 7]);
    expect(breaks).toBe(2);
  });

  it('fetches what is new of a long table, and has it whole at the end', async () => {
    const row = (round: number, dice: number | null) =>
      ({ round, dice }) as unknown as JobDetails['rounds'][number];
    const tables = [
      [row(0, 0.1), row(1, 0.2), row(2, null)],
      [row(0, 0.1), row(1, 0.2), row(2, 0.3), row(3, null)],
      [row(0, 0.1), row(1, 0.2), row(2, 0.3), row(3, 0.4)],
    ];
    const asked: [from: number, jobId: string | undefined][] = [];
    let looks = 0;
    let pages = 2;
    const clock = new VirtualClock();
    const following = followJob(
      {
        job: async (id, from = 0) => {
          const table = tables[Math.min(looks++, 2)] ?? [];
          asked.push([from, id]);
          const status = looks > 2 ? 'completed' : 'running';
          return { ...details(status), id: 'a', rounds: table.slice(from) };
        },
        events: async (after, _waitMs, _signal, jobId) => {
          expect(jobId).toBe('a');
          return pages-- > 0 ? [event(after + 1, { kind: 'job-resumed' })] : [];
        },
      },
      'a',
      { clock, jitter: () => 0, signal: new AbortController().signal, onNews: () => undefined },
    );
    const end = await clock.passUntil(following);
    expect(asked.map(([from]) => from)).toEqual([0, 1, 2, 2]);
    expect(end.rounds).toEqual(tables[2]);
  });
});
