import { sha256 } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobFact } from './facts.js';
import { step, submitJob } from './job-machine.js';
import {
  deadlineAtMs,
  dueEffects,
  type JobEffect,
  type JobEvent,
  type JobPlan,
  type JobState,
} from './job-state.js';
import { taskOf } from './tasks.js';

const plan: JobPlan = {
  jobId: 'job',
  rounds: 2,
  minSites: 2,
  deadlineMs: 1_000,
  invitedSites: ['east', 'north', 'south'],
  initialModel: sha256('initial'),
};

/** Plays the shell: keeps the state, answers every effect at once, remembers what happened. */
class Driver {
  state: JobState;
  readonly facts: JobFact[] = [];
  readonly aggregated: Extract<JobEffect, { kind: 'aggregate' }>[] = [];
  nowMs = 0;

  constructor(
    plan: JobPlan,
    readonly answersEffects = true,
  ) {
    const first = submitJob(plan, 0);
    this.state = first.state;
    this.facts.push(...first.facts);
  }

  send(event: JobEvent): void {
    const { state, facts, effects } = step(this.state, event);
    if (facts.length === 0) expect(state).toEqual(this.state);
    this.state = state;
    this.facts.push(...facts);
    if (this.answersEffects) for (const effect of effects) this.carryOut(effect);
  }

  carryOut(effect: JobEffect): void {
    const { round } = effect;
    switch (effect.kind) {
      case 'open-round':
        this.send({ kind: 'round-opened', round, nowMs: this.nowMs });
        break;
      case 'settle-submissions':
        this.send({ kind: 'submissions-settled', round });
        break;
      case 'aggregate':
        this.aggregated.push(effect);
        this.send({ kind: 'aggregated', round, model: modelOf(effect) });
    }
  }

  /** The site does whatever task it has, well. */
  work(site: string): void {
    const task = taskOf(this.state, site);
    if (task === null) return;
    const { nowMs } = this;
    if (task.kind === 'check-data') {
      this.send({ kind: 'gate-reported', site, outcome: 'pass', nowMs });
      return;
    }
    const answer = { kind: 'update', statement: statementOf(site, task.round) } as const;
    this.send({ kind: 'site-answered', site, answer, nowMs });
  }

  workAll(): void {
    for (const site of plan.invitedSites) this.work(site);
  }

  passTime(durationMs: number): void {
    this.nowMs += durationMs;
    this.send({ kind: 'tick', nowMs: this.nowMs });
  }

  kinds(): string[] {
    return this.facts.map(({ kind }) => kind);
  }
}

const statementOf = (site: string, round: number) => sha256(`${site}/${round}`);
const modelOf = ({ statements, baseModel }: Extract<JobEffect, { kind: 'aggregate' }>) =>
  sha256([baseModel, ...statements].join());

describe('a job', () => {
  it('goes through gate, rounds and the evaluation of its last model', () => {
    const driver = new Driver(plan);
    for (let turn = 0; turn < 4; turn++) driver.workAll();
    expect(driver.state.status).toBe('completed');
    const rounds = driver.facts.filter((fact) => fact.kind === 'round-committed');
    expect(rounds.map(({ round, work }) => [round, work])).toEqual([
      [1, 'train'],
      [2, 'train'],
      [3, 'evaluate'],
    ]);
    expect(rounds[0]?.baseModel).toBe(plan.initialModel);
    expect(rounds[1]?.baseModel).toBe(rounds[0]?.model);
    expect(rounds[2]?.model).toBe(rounds[1]?.model);
  });

  it('leaves out a site that fails the gate and goes on with the others', () => {
    const driver = new Driver(plan);
    const outcome = 'labels-missing';
    driver.send({ kind: 'gate-reported', site: 'south', outcome, nowMs: 0 });
    driver.workAll();
    expect(taskOf(driver.state, 'north')).toMatchObject({ kind: 'train', round: 1 });
    expect(taskOf(driver.state, 'south')).toBeNull();
  });

  it('fails when fewer sites than its quorum pass the gate, and asks them again on resume', () => {
    const driver = new Driver(plan);
    driver.work('north');
    driver.passTime(1_000);
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'gate-not-passed' });
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(taskOf(driver.state, 'north')).toBeNull();
    expect(taskOf(driver.state, 'south')).toEqual({ kind: 'check-data' });
  });

  it('cuts a straggler off at the deadline when the quorum is there', () => {
    const driver = new Driver(plan);
    driver.workAll();
    driver.work('north');
    driver.work('south');
    expect(driver.aggregated).toHaveLength(0);
    driver.passTime(1_000);
    const expected = [statementOf('north', 1), statementOf('south', 1)].sort();
    expect(driver.aggregated[0]?.statements).toEqual(expected);
    expect(taskOf(driver.state, 'east')).toMatchObject({ kind: 'train', round: 2 });
  });

  it('fails at the deadline without its quorum, and keeps what was accepted for a resume', () => {
    const driver = new Driver(plan);
    driver.workAll();
    driver.work('north');
    driver.passTime(1_000);
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'quorum-not-reached' });
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(taskOf(driver.state, 'north')).toBeNull();
    driver.work('south');
    driver.passTime(1_000);
    expect(driver.aggregated[0]?.statements).toContain(statementOf('north', 1));
    expect(driver.state.status).toBe('running');
  });

  it('runs no deadline while it is paused', () => {
    const driver = new Driver(plan);
    driver.workAll();
    driver.passTime(400);
    driver.send({ kind: 'paused', nowMs: driver.nowMs });
    expect(deadlineAtMs(driver.state)).toBeNull();
    expect(taskOf(driver.state, 'north')).toBeNull();
    driver.passTime(10_000);
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(deadlineAtMs(driver.state)).toBe(driver.nowMs + 600);
  });

  it('does not wait for a site that gave up', () => {
    const driver = new Driver(plan);
    driver.workAll();
    driver.work('north');
    driver.work('south');
    driver.send({ kind: 'site-answered', site: 'east', answer: { kind: 'given-up' }, nowMs: 0 });
    expect(driver.aggregated[0]?.statements).toHaveLength(2);
  });

  it('stops waiting for a revoked site at once, and keeps what it had given', () => {
    const driver = new Driver(plan);
    driver.workAll();
    driver.work('north');
    driver.send({ kind: 'site-revoked', site: 'north', nowMs: 0 });
    driver.work('south');
    driver.send({ kind: 'site-revoked', site: 'east', nowMs: 0 });
    expect(driver.aggregated[0]?.statements).toContain(statementOf('north', 1));
    expect(driver.state.activity).toMatchObject({ round: { number: 2, sites: ['south'] } });
  });

  it('ignores the answer to an effect that is no longer due', () => {
    const driver = new Driver(plan, false);
    driver.workAll();
    driver.send({ kind: 'aborted' });
    driver.send({ kind: 'round-opened', round: 1, nowMs: 0 });
    expect(driver.state.status).toBe('aborted');
    expect(driver.kinds().at(-1)).toBe('job-aborted');
  });

  it('averages the accepted set again after an aggregation that failed', () => {
    const driver = new Driver(plan, false);
    driver.workAll();
    driver.send({ kind: 'round-opened', round: 1, nowMs: 0 });
    driver.workAll();
    driver.send({ kind: 'submissions-settled', round: 1 });
    const due = dueEffects(driver.state);
    driver.send({ kind: 'aggregation-failed', round: 1 });
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'aggregation-failed' });
    driver.send({ kind: 'resumed', nowMs: 0 });
    expect(dueEffects(driver.state)).toEqual(due);
  });
});

describe('a job under any schedule', () => {
  const sites = plan.invitedSites;
  const anyAction = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('work'), site: fc.constantFrom(...sites) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('give-up'), site: fc.constantFrom(...sites) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('effects') }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('time'), byMs: fc.nat(1_500) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'resume') }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('revoke'), site: fc.constantFrom(...sites) }),
    },
  );

  it('loses no accepted update, chains its models, and never stands still', () => {
    const property = fc.property(fc.array(anyAction, { maxLength: 60 }), (actions) => {
      const driver = new Driver(plan, false);
      for (const action of actions) {
        perform(driver, action as Action);
        expect(isAlive(driver.state)).toBe(true);
      }
      expect(acceptedButNotAggregated(driver)).toEqual([]);
      expect(brokenChain(driver)).toEqual([]);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('survives being stored as JSON between any two events', () => {
    const property = fc.property(fc.array(anyAction, { maxLength: 40 }), (actions) => {
      const [kept, stored] = [new Driver(plan, false), new Driver(plan, false)];
      for (const action of actions) {
        perform(kept, action as Action);
        stored.state = JSON.parse(JSON.stringify(stored.state)) as JobState;
        perform(stored, action as Action);
      }
      expect(stored.state).toEqual(kept.state);
    });
    fc.assert(property, { numRuns: 200 });
  });
});

interface Action {
  readonly kind: 'work' | 'give-up' | 'effects' | 'time' | 'pause' | 'resume' | 'revoke';
  readonly site: string;
  readonly byMs: number;
}

function perform(driver: Driver, { kind, site, byMs }: Action): void {
  const { state, nowMs } = driver;
  const isStopped = state.status === 'paused' || state.status === 'failed';
  if (kind === 'work') driver.work(site);
  if (kind === 'effects') for (const effect of dueEffects(state)) driver.carryOut(effect);
  if (kind === 'time') driver.passTime(byMs);
  if (kind === 'pause' && state.status === 'running') driver.send({ kind: 'paused', nowMs });
  if (kind === 'resume' && isStopped) driver.send({ kind: 'resumed', nowMs });
  if (kind === 'revoke') driver.send({ kind: 'site-revoked', site, nowMs });
  if (kind === 'give-up' && taskOf(state, site)?.kind === 'train') {
    driver.send({ kind: 'site-answered', site, answer: { kind: 'given-up' }, nowMs });
  }
}

/** Something will move the job: an effect, a deadline, or the operator it waits for. */
function isAlive(state: JobState): boolean {
  return state.status !== 'running' || dueEffects(state).length > 0 || deadlineAtMs(state) !== null;
}

function acceptedButNotAggregated({ facts, aggregated }: Driver): JobFact[] {
  return facts.filter((fact) => {
    if (fact.kind !== 'update-accepted') return false;
    const round = aggregated.findLast((effect) => effect.round === fact.round);
    return round !== undefined && !round.statements.includes(fact.statement);
  });
}

function brokenChain({ facts }: Driver): JobFact[] {
  const commits = facts.filter((fact) => fact.kind === 'round-committed');
  return commits.filter(({ round, baseModel }, index) => {
    const expected = index === 0 ? plan.initialModel : commits[index - 1]?.model;
    return round !== index + 1 || baseModel !== expected;
  });
}
