import { describe, expect, it } from 'vitest';
import { Driver, plan, statementOf } from '../testing/job-driver.js';
import { dueEffects, endsEarly, nextTickAtMs } from './job-state.js';

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

  it('hands what its strategy keeps from round to round, to its last evaluation', () => {
    const driver = new Driver(plan);
    for (let turn = 0; turn < 4; turn++) driver.workAll();
    const rounds = driver.facts.filter((fact) => fact.kind === 'round-committed');
    const kept = rounds.map(({ serverState }) => serverState);
    expect(driver.aggregated.map(({ baseState }) => baseState)).toEqual([null, kept[0]]);
    expect(new Set(kept.slice(0, 2)).size).toBe(2);
    expect(kept[2]).toBe(kept[1]);
  });

  it('ends before all its rounds where its patience is over, the last model measured all the same', () => {
    const driver = new Driver({ ...plan, rounds: 9 });
    for (let turn = 0; turn < 3; turn++) driver.workAll();
    driver.lastGain = 1;
    driver.workAll();
    expect(driver.task('north')).toMatchObject({ kind: 'evaluate', round: 4 });
    driver.workAll();
    expect(driver.state.status).toBe('completed');
    expect(endsEarly(driver.state)).toBe(true);
    expect(driver.facts).toContainEqual({ kind: 'no-more-gain', round: 3, lastGain: 1 });
    const models = driver.facts.flatMap((fact) =>
      fact.kind === 'round-committed' ? [[fact.work, fact.model]] : [],
    );
    expect(models).toHaveLength(4);
    expect(models[3]).toEqual(['evaluate', models[2]?.[1]]);
  });

  it('does not call it an early end where the rounds are done anyway', () => {
    const driver = new Driver(plan);
    driver.lastGain = 1;
    driver.workAll();
    driver.workAll();
    expect(driver.task('north')).toMatchObject({ kind: 'evaluate', round: 2 });
    const full = new Driver({ ...plan, rounds: 1 });
    full.lastGain = 1;
    for (let turn = 0; turn < 3; turn++) full.workAll();
    expect(full.state.status).toBe('completed');
    expect(endsEarly(full.state)).toBe(false);
    expect(full.kinds()).not.toContain('no-more-gain');
  });

  it('leaves out a site that fails the gate and goes on with the others', () => {
    const driver = new Driver(plan);
    driver.report('south', 'labels-missing');
    driver.workAll();
    expect(driver.task('north')).toMatchObject({ kind: 'train', round: 1 });
    expect(driver.task('south')).toBeNull();
  });

  it('fails when fewer sites than its quorum pass the gate, and asks them again on resume', () => {
    const driver = new Driver(plan);
    driver.work('north');
    driver.passTime(1_000);
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'gate-not-passed' });
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(driver.task('north')).toBeNull();
    expect(driver.task('south')).toEqual({ kind: 'check-data' });
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
    expect(driver.task('east')).toMatchObject({ kind: 'train', round: 2 });
  });

  it('fails at the deadline without its quorum, and keeps what was accepted for a resume', () => {
    const driver = new Driver(plan);
    driver.workAll();
    driver.work('north');
    driver.passTime(1_000);
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'quorum-not-reached' });
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(driver.task('north')).toBeNull();
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
    expect(nextTickAtMs(driver.state)).toBeNull();
    expect(driver.task('north')).toBeNull();
    driver.passTime(10_000);
    driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    expect(nextTickAtMs(driver.state)).toBe(driver.nowMs + 600);
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
    driver.send({ kind: 'updates-settled', round: 1 });
    const due = dueEffects(driver.state);
    driver.send({ kind: 'aggregation-failed', round: 1 });
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'aggregation-failed' });
    driver.send({ kind: 'resumed', nowMs: 0 });
    expect(dueEffects(driver.state)).toEqual(due);
  });
});
