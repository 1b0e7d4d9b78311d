import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobFact } from '../core/facts.js';
import { submitJob } from '../core/job-machine.js';
import type { JobState } from '../core/job-state.js';
import { plan, statementOf } from '../testing/job-driver.js';
import { SiteTurns } from './site-turns.js';

const SITE = 'north';
const jobOf = (jobId: string) => ({ state: submitJob({ ...plan, jobId }, 0).state });
const nameOf = ({ state }: { readonly state: JobState }) => state.plan.jobId;
const answered = (round: number): JobFact => ({
  kind: 'update-accepted',
  round,
  site: SITE,
  statement: statementOf(SITE, round),
});

describe('the jobs that ask for a site at once', () => {
  it('have it in turns, the oldest first', () => {
    const turns = new SiteTurns();
    const jobs = ['a', 'b', 'c'].map(jobOf);
    const served: string[] = [];
    for (let turn = 1; turn <= 7; turn++) {
      const [next] = turns.inTurn(SITE, jobs);
      if (next === undefined) throw new Error('there is a job');
      served.push(nameOf(next));
      turns.note(next.state, [answered(turn)]);
    }
    expect(served.join('')).toBe('abcabca');
    expect(turns.inTurn('south', jobs).map(nameOf)).toEqual(['a', 'b', 'c']);
  });

  it('wait, with a task, for no longer than one turn of each other job, whenever tasks come', () => {
    const names = ['a', 'b', 'c', 'd'];
    const schedule = fc.array(fc.subarray(names, { minLength: 1 }), { maxLength: 200 });
    fc.assert(
      fc.property(schedule, (rounds) => {
        const turns = new SiteTurns();
        const jobs = names.map(jobOf);
        const waiting = new Map(names.map((name) => [name, 0]));
        const asking = new Set<string>();
        for (const [turn, coming] of rounds.entries()) {
          // A task stays until it is done: a site is told again what it has not answered.
          for (const name of coming) asking.add(name);
          const next = turns.inTurn(SITE, jobs).find((job) => asking.has(nameOf(job)));
          if (next === undefined) throw new Error('somebody asks');
          asking.delete(nameOf(next));
          waiting.set(nameOf(next), 0);
          turns.note(next.state, [answered(turn)]);
          for (const name of asking) waiting.set(name, (waiting.get(name) ?? 0) + 1);
          expect(Math.max(...waiting.values())).toBeLessThan(names.length);
        }
      }),
    );
  });

  it('count what a site declined, and forget a job that has ended', () => {
    const turns = new SiteTurns();
    const [first, second] = ['a', 'b'].map(jobOf);
    if (first === undefined || second === undefined) throw new Error('there are two');
    turns.note(first.state, [
      { kind: 'site-declined', round: 1, site: SITE, reason: 'no-disk-space' },
    ]);
    expect(turns.inTurn(SITE, [first, second]).map(nameOf)).toEqual(['b', 'a']);
    turns.note({ ...first.state, status: 'aborted' }, [{ kind: 'job-aborted' }]);
    expect(turns.inTurn(SITE, [first, second]).map(nameOf)).toEqual(['a', 'b']);
  });
});
