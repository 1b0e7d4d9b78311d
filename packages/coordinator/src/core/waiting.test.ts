import { describe, expect, it } from 'vitest';
import { Driver, plan, statementOf } from '../testing/job-driver.js';
import { nextTickAtMs } from './job-state.js';
import { MAX_SILENT_ROUNDS, standingOf } from './standing.js';
import type { SubmittedPlan } from './submitted-plan.js';

const GRACE_MS = 1_000;
const hour = { ...plan, rounds: 8, deadlineMs: 3_600_000 };
const graceful = { ...hour, graceMs: GRACE_MS };

/** Through the gate: three sites in round 1. */
function begun(terms: SubmittedPlan = graceful): Driver {
  const driver = new Driver(terms);
  driver.workAll();
  return driver;
}

describe('a round with enough answers', () => {
  it('waits for the others as long as its grace, and not until its deadline', () => {
    const driver = begun();
    driver.work('north');
    expect(nextTickAtMs(driver.state)).toBe(hour.deadlineMs);
    driver.nowMs = 500;
    driver.work('south');
    expect(nextTickAtMs(driver.state)).toBe(500 + GRACE_MS);
    driver.passTime(GRACE_MS - 1, 'east');
    expect(driver.aggregated).toHaveLength(0);
    driver.passTime(1, 'east');
    const expected = [statementOf('north', 1), statementOf('south', 1)].sort();
    expect(driver.aggregated[0]?.statements).toEqual(expected);
  });

  it('waits, where the job names no grace, for whoever is heard of, and for nobody else', () => {
    const driver = begun(hour);
    driver.work('north');
    driver.work('south');
    driver.passTime(60_000, 'east');
    driver.passTime(60_000, 'east');
    expect(driver.aggregated).toHaveLength(0);
    driver.passTime(60_000);
    expect(driver.aggregated).toHaveLength(1);
  });

  it('never outlasts its deadline', () => {
    const driver = begun(hour);
    driver.work('north');
    driver.work('south');
    driver.passTime(hour.deadlineMs, 'east');
    expect(driver.aggregated).toHaveLength(1);
  });

  it('has the rest of its grace after a pause', () => {
    const driver = begun();
    driver.work('north');
    driver.work('south');
    driver.passTime(400, 'east');
    driver.send({ kind: 'paused', nowMs: driver.nowMs });
    driver.nowMs += 50_000;
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(nextTickAtMs(driver.state)).toBe(driver.nowMs + 600);
  });
});

describe('a site that declines', () => {
  it('is not waited for', () => {
    const driver = begun();
    driver.work('north');
    driver.work('south');
    driver.decline('east', 'no-disk-space');
    expect(driver.aggregated[0]?.statements).toHaveLength(2);
    expect(driver.task('east')).toMatchObject({ round: 2 });
  });

  it('for a reason that passes is offered the round again, and counts if it answers', () => {
    const driver = begun();
    driver.decline('east', 'out-of-memory');
    driver.work('north');
    expect(driver.task('east')).toBeNull();
    driver.passTime(100, 'east', 'south');
    driver.work('east');
    driver.work('south');
    expect(driver.aggregated[0]?.statements).toContain(statementOf('east', 1));
  });

  it('keeps the round open where it might yet be the one that was lacking', () => {
    const driver = begun();
    driver.work('north');
    driver.decline('east', 'trainer-failed');
    driver.decline('south', 'refused-by-policy');
    expect(driver.state).toMatchObject({
      status: 'running',
      activity: { round: { phase: 'open' } },
    });
    driver.passTime(hour.deadlineMs, 'north', 'east', 'south');
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'quorum-not-reached' });
  });

  it('fails a job that nobody is left for at once, and all are asked again on resume', () => {
    const driver = begun();
    driver.work('north');
    for (const site of ['east', 'south']) driver.decline(site, 'refused-by-policy');
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'quorum-not-reached' });
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    driver.workAll();
    expect(driver.aggregated[0]?.statements).toHaveLength(3);
    expect(driver.state.activity).toMatchObject({
      round: { number: 2, sites: ['east', 'north', 'south'] },
    });
  });

  it('for any other reason takes no part in the next round, until it has dialled in anew', () => {
    const driver = begun();
    driver.decline('east', 'not-supported');
    driver.workAll();
    expect(driver.state.activity).toMatchObject({
      round: { number: 2, sites: ['north', 'south'] },
    });
    expect(driver.task('east')).toBeNull();
    driver.send({ kind: 'site-spoke', site: 'east', anew: true });
    driver.work('east');
    driver.workAll();
    expect(driver.task('east')).toMatchObject({ kind: 'train', round: 3 });
  });
});

describe('a site that is silent', () => {
  /** Rounds that close without a word of east. */
  function withoutEast(driver: Driver, rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      driver.work('north');
      driver.work('south');
      driver.passTime(GRACE_MS);
    }
  }

  it('for three rounds is not waited for any longer, and may answer all the same', () => {
    const driver = begun();
    withoutEast(driver, MAX_SILENT_ROUNDS);
    expect(standingOf(driver.state, 'east')).toBe('not-awaited');
    expect(driver.facts).toContainEqual({ kind: 'site-not-awaited', site: 'east' });
    driver.work('north');
    expect(driver.task('east')).toMatchObject({ kind: 'train', round: 4 });
    driver.work('east');
    driver.work('south');
    expect(driver.aggregated.at(-1)?.statements).toContain(statementOf('east', 4));
    expect(standingOf(driver.state, 'east')).toBe('takes-part');
  });

  it('costs the fourth round no time', () => {
    const driver = begun();
    withoutEast(driver, MAX_SILENT_ROUNDS);
    const before = driver.aggregated.length;
    driver.work('north');
    driver.work('south');
    expect(driver.aggregated).toHaveLength(before + 1);
  });

  it('is waited for again as soon as it speaks, in the round that is open', () => {
    const driver = begun();
    withoutEast(driver, MAX_SILENT_ROUNDS);
    driver.send({ kind: 'site-spoke', site: 'east', anew: false });
    const before = driver.aggregated.length;
    driver.work('north');
    driver.work('south');
    expect(driver.aggregated).toHaveLength(before);
    expect(standingOf(driver.state, 'east')).toBe('takes-part');
  });

  it('is not thought silent while it is heard of, however late its answers are', () => {
    const driver = begun();
    for (let round = 0; round < MAX_SILENT_ROUNDS + 1; round++) {
      withoutEast(driver, 1);
      driver.send({ kind: 'site-spoke', site: 'east', anew: false });
    }
    expect(standingOf(driver.state, 'east')).toBe('takes-part');
  });
});
