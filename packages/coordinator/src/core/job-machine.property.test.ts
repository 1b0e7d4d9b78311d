import type { DeclineReason } from '@fedvox/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Driver, plan } from '../testing/job-driver.js';
import type { JobFact } from './facts.js';
import { dueEffects, isOver, type JobEffect, type JobState, nextTickAtMs } from './job-state.js';
import { NEW_MEMBER } from './member.js';
import { invitedSites, passedSites, silentSites } from './standing.js';
import { readJobState, writeChanges, writeJobState } from './stored-state.js';
import type { SubmittedPlan } from './submitted-plan.js';

const early = plan.invitedSites;
const LATE = 'west';
const everySite = [...early, LATE];
const everybody: SubmittedPlan = { ...plan, graceMs: 300, laterSites: ['*'] };
const part: SubmittedPlan = {
  ...everybody,
  participation: { kind: 'fraction', fraction: 0.3, seed: 1 },
};

interface Action {
  readonly kind:
    | 'work'
    | 'fail'
    | 'lack'
    | 'give-up'
    | 'effects'
    | 'time'
    | 'pause'
    | 'resume'
    | 'revoke'
    | 'enrol'
    | 'speak'
    | 'greet';
  readonly site: string;
  readonly byMs: number;
  readonly reason: DeclineReason;
  readonly present: readonly string[];
}

const kind = fc.oneof(
  { weight: 6, arbitrary: fc.constant('work' as const) },
  { weight: 4, arbitrary: fc.constant('effects' as const) },
  { weight: 2, arbitrary: fc.constantFrom('fail' as const, 'lack', 'give-up', 'time', 'time') },
  { weight: 2, arbitrary: fc.constantFrom('pause' as const, 'resume', 'resume') },
  { weight: 1, arbitrary: fc.constantFrom('revoke' as const, 'enrol', 'speak', 'greet') },
);
const action: fc.Arbitrary<Action> = fc.record({
  kind,
  site: fc.constantFrom(...everySite),
  byMs: fc.nat(1_500),
  reason: fc.constantFrom<DeclineReason[]>('no-disk-space', 'trainer-failed', 'labels-missing'),
  present: fc.subarray(everySite),
});

const overlapping: SubmittedPlan = {
  ...everybody,
  strategy: { kind: 'fedbuff', buffer: 2, maxStaleness: 1, learningRate: 1 },
};

describe.each([
  ['all of its sites', everybody],
  ['the first of its sites', overlapping],
  ['a part of its sites', part],
])('a job that trains on %s, under any schedule', (_, open) => {
  it('loses no accepted update, chains its models and server states, and never stands still', () => {
    const property = fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const driver = new Driver(open, false);
      for (const each of actions) {
        perform(driver, each);
        expect(isAlive(driver.state)).toBe(true);
      }
      expect(acceptedButNotAggregated(driver)).toEqual([]);
      expect(brokenChain(driver)).toEqual([]);
      expect(forgottenStates(driver)).toEqual([]);
    });
    fc.assert(property, { numRuns: 700 });
  });

  it('survives being stored as JSON between any two events', () => {
    const property = fc.property(fc.array(action, { maxLength: 50 }), (actions) => {
      const [kept, stored] = [new Driver(open, false), new Driver(open, false)];
      for (const each of actions) {
        perform(kept, each);
        stored.state = readJobState(writeJobState(stored.state), 'job');
        perform(stored, each);
      }
      expect(stored.state).toEqual(kept.state);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('is stored whole by what each event changes of it', () => {
    let rows = 0;
    const property = fc.property(fc.array(action, { maxLength: 50 }), (actions) => {
      const driver = new Driver(open, false);
      const stored = writeJobState(driver.state);
      let { head } = stored;
      const sites = new Map(stored.sites);
      for (const each of actions) {
        const before = driver.state;
        perform(driver, each);
        const changes = writeChanges(before, driver.state);
        head = changes.head;
        for (const [site, row] of changes.sites) sites.set(site, row);
        rows += changes.sites.size;
        expect(readJobState({ ...stored, head, sites }, 'job')).toEqual(driver.state);
      }
    });
    fc.assert(property, { numRuns: 200 });
    expect(rows).toBeGreaterThan(0);
  });

  it('begins each round with exactly the sites that have passed the gate by then', () => {
    const property = fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const driver = new Driver(open, false);
      let pending = 0;
      for (const each of actions) {
        perform(driver, each);
        const { activity } = driver.state;
        if (activity.kind !== 'round' || activity.round.phase !== 'pending') continue;
        if (activity.round.number === pending) continue;
        pending = activity.round.number;
        expect(activity.round.sites).toEqual(passedSites(driver.state));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('waits for no site without end', () => {
    const property = fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const driver = new Driver(open);
      for (const each of actions) perform(driver, each);
      if (driver.state.status !== 'running') return;
      // Time passes, and nobody is heard of: every gate and every round comes to its end.
      for (let look = 0; look < 20 && driver.state.status === 'running'; look++) {
        driver.passTime(plan.deadlineMs);
      }
      expect(driver.state.status).not.toBe('running');
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('offers a site its work again after a reason that passes, and its gate', () => {
    const property = fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const driver = new Driver(open);
      for (const each of actions) perform(driver, each);
      driver.nowMs += plan.deadlineMs;
      const { state } = driver;
      if (state.status !== 'running') return;
      for (const site of invitedSites(state)) {
        const { isRevoked, outcome } = state.members.get(site) ?? NEW_MEMBER;
        if (isRevoked) continue;
        const isAsked = outcome === null || outcome === 'no-disk-space';
        if (isAsked) expect(driver.task(site)).not.toBeNull();
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function perform(driver: Driver, { kind, site, byMs, reason, present }: Action): void {
  const { state, nowMs } = driver;
  const isStopped = state.status === 'paused' || state.status === 'failed';
  const task = driver.task(site);
  switch (kind) {
    case 'work':
      driver.work(site);
      break;
    case 'fail':
      if (task?.kind === 'check-data') driver.report(site, reason);
      else if (task !== null) driver.decline(site, reason);
      break;
    case 'lack':
      driver.lack(site, 'network-unet');
      break;
    case 'give-up':
      if (task?.kind !== 'train') break;
      driver.send({ kind: 'site-answered', site, answer: { kind: 'given-up' }, nowMs });
      break;
    case 'effects':
      for (const effect of dueEffects(state)) driver.carryOut(effect);
      break;
    case 'time':
      driver.passTime(byMs, ...present);
      break;
    case 'pause':
      if (state.status === 'running') driver.send({ kind: 'paused', nowMs });
      break;
    case 'resume':
      if (isStopped) driver.send({ kind: 'resumed', nowMs });
      break;
    case 'revoke':
      driver.send({ kind: 'site-revoked', site, nowMs });
      break;
    case 'enrol':
      driver.send({ kind: 'site-enrolled', site });
      break;
    case 'speak':
    case 'greet':
      driver.send({ kind: 'site-spoke', site, anew: kind === 'greet' });
      if (!isOver(state)) expect(silentSites(driver.state)).not.toContain(site);
  }
}

/** Something will move the job: an effect, a deadline, or the operator it waits for. */
function isAlive(state: JobState): boolean {
  return state.status !== 'running' || dueEffects(state).length > 0 || nextTickAtMs(state) !== null;
}

function acceptedButNotAggregated({ facts, aggregated }: Driver): JobFact[] {
  return facts.filter((fact) => {
    if (fact.kind !== 'update-accepted') return false;
    const round = aggregated.findLast((effect) => effect.round === fact.round);
    return round !== undefined && !round.statements.includes(fact.statement);
  });
}

/** Aggregations that did not begin with what the round before had kept. */
function forgottenStates({ facts, aggregated }: Driver): JobEffect[] {
  const commits = facts.filter((fact) => fact.kind === 'round-committed');
  return aggregated.filter(({ round, baseState }) => {
    const before = commits.find((commit) => commit.round === round - 1);
    return baseState !== (before?.serverState ?? null);
  });
}

function brokenChain({ facts }: Driver): JobFact[] {
  const commits = facts.filter((fact) => fact.kind === 'round-committed');
  return commits.filter(({ round, baseModel }, index) => {
    const expected = index === 0 ? plan.initialModel : commits[index - 1]?.model;
    return round !== index + 1 || baseModel !== expected;
  });
}
