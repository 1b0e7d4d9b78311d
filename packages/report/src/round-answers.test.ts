import type { CoordinatorEvent, JobFact } from '@fedvox/coordinator';
import { describe, expect, it } from 'vitest';
import { answerKind, answersOf, RoundAnswers } from './round-answers.js';
import { sampleRecord } from './testing/sample-record.js';

const told = (...facts: JobFact[]): CoordinatorEvent[] =>
  facts.map((fact, index) => ({ sequence: index + 1, jobId: 'a', atMs: index * 10, fact }));
const model = 'ab'.repeat(32);
const submitted: JobFact = { kind: 'job-submitted', model, sites: ['north', 'south'] };
const passed = (site: string): JobFact => ({
  kind: 'gate-reported',
  site,
  outcome: 'pass',
  figures: 'reported',
});
const opened = (round: number, deadlineAtMs: number): JobFact => ({
  kind: 'round-opened',
  round,
  work: 'train',
  baseModel: model,
  deadlineAtMs,
});
const answered = (round: number, site: string): JobFact => ({
  kind: 'update-accepted',
  round,
  site,
  statement: model,
});
const kinds = (events: CoordinatorEvent[]) =>
  answersOf(events).map((round) =>
    Object.fromEntries([...round.sites].map((site) => [site, answerKind(round, site)])),
  );

describe('what a site did in a round', () => {
  it('is known of whoever passed the gate before it', () => {
    const gate = [submitted, passed('north'), passed('south'), passed('west')];
    const round = [opened(1, 55), answered(1, 'north'), answered(1, 'south')];
    expect(kinds(told(...gate, ...round))).toEqual([
      { north: 'answered', south: 'answered', west: 'answered' },
      { north: 'answered', south: 'late', west: 'awaited' },
    ]);
  });

  it('is silence where it had not answered when the round ended; while it is open it is awaited', () => {
    const open = told(submitted, passed('north'), opened(1, 1_000));
    expect(kinds(open)).toEqual([{ north: 'answered', south: 'silent' }, { north: 'awaited' }]);
    const failed: JobFact = { kind: 'job-failed', reason: 'quorum-not-reached' };
    expect(kinds(told(submitted, passed('north'), opened(1, 1_000), failed))[1]).toEqual({
      north: 'silent',
    });
  });

  it('is kept apart where a round was opened again, and said no more of a revoked site', () => {
    const revoked: JobFact = { kind: 'site-revoked', site: 'south' };
    const facts = [submitted, passed('north'), passed('south'), opened(1, 999), revoked];
    expect(kinds(told(...facts, opened(1, 999))).slice(1)).toEqual([
      { north: 'silent', south: 'silent' },
      { north: 'awaited' },
    ]);
  });

  it('is said with the reason where it declined, at the gate too', () => {
    const small: JobFact = {
      kind: 'gate-reported',
      site: 'south',
      outcome: 'too-few-cases',
      figures: null,
    };
    const [gate] = answersOf(told(submitted, small));
    expect(gate?.answers.get('south')).toEqual({
      atMs: 10,
      kind: 'declined',
      reason: 'too-few-cases',
    });
  });
});

describe('what a job’s facts say, to whoever is told more and more of them', () => {
  it('is the same as what all of them say at once, also of another job', () => {
    const { events } = sampleRecord({ rounds: 3, sites: 4 });
    const answers = new RoundAnswers();
    for (let count = 0; count <= events.length; count++) {
      expect(answers.after(events.slice(0, count))).toEqual(answersOf(events.slice(0, count)));
    }
    const others = sampleRecord({ rounds: 2, sites: 3 }).events;
    expect(answers.after(others)).toEqual(answersOf(others));
  });
});
