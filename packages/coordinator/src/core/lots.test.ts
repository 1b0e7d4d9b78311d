import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Driver, plan as shared, statementOf } from '../testing/job-driver.js';
import { nextTickAtMs } from './job-state.js';
import { byLot, sitesToCall } from './lots.js';
import { standingOf } from './standing.js';
import type { SubmittedPlan } from './submitted-plan.js';

const TEN = Array.from({ length: 10 }, (_, at) => `site-${at}`);
const SEED = 7;
const HALF = { kind: 'fraction', fraction: 0.5, seed: SEED } as const;
const plan: SubmittedPlan = {
  ...shared,
  rounds: 3,
  minSites: 3,
  deadlineMs: 3_600_000,
  invitedSites: TEN,
  participation: HALF,
};

function begun(terms: SubmittedPlan = plan): Driver {
  const driver = new Driver(terms);
  for (const site of terms.invitedSites) driver.report(site, 'pass');
  return driver;
}

const calledIn = (driver: Driver) => TEN.filter((site) => driver.task(site)?.kind === 'train');
const idleIn = (driver: Driver) => TEN.filter((site) => standingOf(driver.state, site) === 'idle');
const drawn = (round: number) => [...byLot(TEN, SEED, round)];
const workAll = (driver: Driver, sites: readonly string[]) => {
  for (const site of sites) driver.work(site);
};

describe('the lots of a round', () => {
  it('order the same sites the same way, whoever else is there', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 });
    fc.assert(
      fc.property(
        names,
        fc.nat(),
        fc.nat(1_000),
        fc.func(fc.boolean()),
        (all, seed, round, isIn) => {
          const some = all.filter((name) => isIn(name));
          const order = byLot(all, seed, round);
          expect([...order].sort()).toEqual([...all].sort());
          expect(byLot([...some].reverse(), seed, round)).toEqual(
            order.filter((name) => some.includes(name)),
          );
        },
      ),
    );
  });

  it('are drawn anew for each round, and let every site train about as often', () => {
    const rounds = 400;
    const times = new Map(TEN.map((site) => [site, 0]));
    for (let round = 1; round <= rounds; round++) {
      for (const site of drawn(round).slice(0, 5)) times.set(site, (times.get(site) ?? 0) + 1);
    }
    // 200 of 400 each, give or take four standard deviations of a binomial: 40.
    for (const often of times.values()) expect(Math.abs(often - rounds / 2)).toBeLessThan(40);
  });

  it('call the job’s part of the sites, rounded up, and at least as many as a round needs', () => {
    expect(sitesToCall(10, 0.3, 2)).toBe(3);
    expect(sitesToCall(10, 0.31, 2)).toBe(4);
    expect(sitesToCall(100, 0.07, 2)).toBe(7);
    expect(sitesToCall(10, 0.01, 2)).toBe(2);
    expect(sitesToCall(2, 0.5, 3)).toBe(2);
  });
});

describe('a job of which a part of the sites trains', () => {
  it('calls other sites in each round, says which, and has all evaluate the last model', () => {
    const driver = begun();
    for (let round = 1; round <= plan.rounds; round++) {
      const called = drawn(round).slice(0, 5).sort();
      expect(calledIn(driver)).toEqual(called);
      expect(driver.facts.at(-1)).toMatchObject({ kind: 'round-opened', round, sites: called });
      workAll(driver, called);
      expect(driver.aggregated.at(-1)?.statements).toEqual(
        called.map((site) => statementOf(site, round)).sort(),
      );
    }
    const opening = driver.facts.at(-1);
    expect(opening).toMatchObject({ kind: 'round-opened', work: 'evaluate' });
    expect(opening).not.toHaveProperty('sites');
    expect(TEN.map((site) => driver.task(site)?.kind)).toEqual(TEN.map(() => 'evaluate'));
    workAll(driver, TEN);
    expect(driver.state.status).toBe('completed');
  });

  it('does not take the others for silent, or late', () => {
    const driver = begun({ ...plan, rounds: 8 });
    for (let round = 1; round <= 8; round++) {
      expect(idleIn(driver)).toEqual(TEN.filter((site) => !calledIn(driver).includes(site)));
      workAll(driver, calledIn(driver));
    }
    for (const [, { silentRounds }] of driver.state.members) expect(silentRounds).toBe(0);
    expect(driver.kinds()).not.toContain('site-not-awaited');
  });

  it('chooses from those that are heard of, and calls others as they come back', () => {
    const driver = new Driver(plan, false);
    for (const site of TEN) driver.report(site, 'pass');
    const lots = drawn(1);
    const away = lots.slice(0, 6);
    driver.send({ kind: 'round-opened', round: 1, nowMs: 0, away });
    expect(calledIn(driver)).toEqual(lots.slice(6).sort());
    driver.passTime(1_000, ...TEN.filter((site) => site !== lots[0]));
    expect(driver.facts.at(-1)).toEqual({ kind: 'site-called', round: 1, site: lots[1] });
    expect(calledIn(driver)).toHaveLength(5);
  });

  it('calls the next by lot for each that declines, is revoked, given up, or away', () => {
    const driver = begun();
    const lots = drawn(1);
    const [first = '', second = '', third = '', fourth = ''] = lots;
    driver.decline(first, 'refused-by-policy');
    driver.send({ kind: 'site-revoked', site: second, nowMs: 0 });
    const { nowMs } = driver;
    driver.send({ kind: 'site-answered', site: third, answer: { kind: 'given-up' }, nowMs });
    driver.passTime(1_000, ...TEN.filter((site) => site !== fourth));
    const called = driver.facts.flatMap((fact) => (fact.kind === 'site-called' ? [fact.site] : []));
    expect(called.sort()).toEqual(lots.slice(5, 9).sort());
    // Who was away may still answer.
    expect(calledIn(driver)).toEqual([fourth, ...lots.slice(4, 9)].sort());
    driver.passTime(1_000, ...TEN.filter((site) => site !== fourth));
    expect(calledIn(driver)).toHaveLength(6);
    workAll(driver, lots.slice(4, 7));
    // With enough answers nobody is called any more, and who is away is not waited for.
    driver.passTime(1_000, ...TEN.filter((site) => site !== lots[7]));
    expect(calledIn(driver)).toHaveLength(3);
    driver.work(lots[8] ?? '');
    driver.passTime(1_000);
    expect(driver.aggregated[0]?.statements).toHaveLength(4);
  });

  it('asks nothing of an idle site, takes nothing of it, and is looked at until nobody is idle', () => {
    const driver = begun();
    const [idle = ''] = idleIn(driver);
    expect(driver.task(idle)).toBeNull();
    expect(nextTickAtMs(driver.state)).toBe(0);
    driver.passTime(1_000, ...TEN.slice(0, 1));
    driver.passTime(1_000, ...TEN);
    driver.passTime(1_000);
    expect(driver.state.status).toBe('running');
    driver.passTime(plan.deadlineMs);
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'quorum-not-reached' });
  });

  it('draws again, from all that passed, where it is resumed without its quorum', () => {
    const driver = begun();
    const [first = ''] = drawn(1);
    driver.work(first);
    driver.passTime(plan.deadlineMs, ...TEN);
    expect(driver.state.status).toBe('failed');
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(calledIn(driver)).toEqual(drawn(1).slice(1, 5).sort());
    workAll(driver, calledIn(driver));
    expect(driver.aggregated[0]?.statements).toContain(statementOf(first, 1));
  });
});

describe('a job that names who trains', () => {
  const terms: SubmittedPlan = {
    ...plan,
    rounds: 1,
    participation: { kind: 'named', sites: TEN.slice(0, 3) },
  };

  it('calls them in each round, and everybody to evaluate', () => {
    const driver = begun(terms);
    expect(calledIn(driver)).toEqual(TEN.slice(0, 3));
    const opened = driver.facts.find(({ kind }) => kind === 'round-opened');
    expect(opened).toMatchObject({ sites: TEN.slice(0, 3) });
    expect(standingOf(driver.state, 'site-9')).toBe('idle');
    workAll(driver, TEN.slice(0, 3));
    workAll(driver, TEN);
    expect(driver.state.status).toBe('completed');
    const answers = driver.facts.filter(({ kind }) => kind === 'update-accepted');
    expect(answers).toHaveLength(3 + TEN.length);
  });

  it('begins once enough of them have passed its gate, and not before', () => {
    const driver = new Driver(terms);
    for (const site of TEN.slice(3)) driver.report(site, 'pass');
    expect(driver.state.activity.kind).toBe('gate');
    for (const site of TEN.slice(0, 3)) driver.report(site, 'pass');
    expect(driver.state.activity.kind).toBe('round');
    const failing = new Driver(terms);
    for (const site of TEN.slice(1)) failing.report(site, 'pass');
    failing.report('site-0', 'too-few-cases');
    expect(failing.state).toMatchObject({ status: 'failed', reason: 'gate-not-passed' });
  });
});

describe('a site that an operator invites', () => {
  it('is asked at the gate, and joins the next round, though the submission did not mean it', () => {
    const driver = new Driver({ ...shared, rounds: 2 });
    driver.workAll();
    driver.send({ kind: 'site-invited', site: 'west' });
    expect(driver.facts.at(-1)).toEqual({ kind: 'site-invited', site: 'west' });
    driver.work('west');
    expect(standingOf(driver.state, 'west')).toBe('joins-next-round');
    driver.workAll();
    expect(driver.task('west')).toMatchObject({ kind: 'train', round: 2 });
  });

  it('is asked again what it had failed, and stays as it is where it takes part', () => {
    const driver = new Driver(shared);
    driver.report('east', 'too-few-cases');
    driver.work('north');
    driver.work('south');
    expect(driver.task('east')).toBeNull();
    driver.send({ kind: 'site-invited', site: 'east' });
    expect(driver.task('east')).toEqual({ kind: 'check-data' });
    const before = driver.state;
    driver.send({ kind: 'site-invited', site: 'north' });
    expect(driver.state).toBe(before);
  });
});
