import type { UpdateStatement } from '@fedvox/protocol';
import { describe, expect, it } from 'vitest';
import { Driver, plan as shared, statementOf } from '../testing/job-driver.js';
import { admitStatement, admitUpdate } from './admission.js';
import { isStillWanted, mustWait } from './overlap.js';
import type { SubmittedPlan } from './submitted-plan.js';

const plan: SubmittedPlan = {
  ...shared,
  rounds: 6,
  deadlineMs: 3_600_000,
  strategy: { kind: 'fedbuff', buffer: 2, maxStaleness: 2, learningRate: 1 },
};
const JOB = statementOf('job', 0);

/** Through the gate, and through so many rounds in which south is not ready. */
function begun(rounds: number): Driver {
  const driver = new Driver(plan);
  driver.workAll();
  for (let round = 0; round < rounds; round++) {
    driver.work('east');
    driver.work('north');
  }
  return driver;
}

const baseOf = (driver: Driver, number: number) => {
  const opened = driver.facts.find((fact) => fact.kind === 'round-opened' && fact.round === number);
  if (opened?.kind !== 'round-opened') throw new Error(`round ${number} was opened`);
  return opened.baseModel;
};
const statementFor = (driver: Driver, number: number): UpdateStatement => ({
  kind: 'fedvox/update/v1',
  federation: 'lights',
  job: 'job',
  jobDigest: JOB,
  round: number,
  site: 'south',
  baseModel: baseOf(driver, number),
  delta: { sha256: statementOf('delta', number), byteLength: 100 },
  weight: { value: 1, source: 'examples' },
  figures: { dice: null, auc: null },
  counter: 5,
});
function admit(
  driver: Driver,
  number: number,
  changes: Partial<UpdateStatement> = {},
  answered = false,
) {
  const job = { state: driver.state, jobSha256: JOB };
  const context = { isAccepted: false, isRoundAnswered: answered, lastCounter: 4 };
  admitStatement(
    { ...statementFor(driver, number), ...changes },
    { job, ...context, deltaByteLength: 100 },
  );
}
const refused = (code: string) => expect.objectContaining({ code: `refused/${code}` });

describe('an update of an earlier round', () => {
  it('counts in the open one, by how many rounds it is late, as its site’s only answer', () => {
    const driver = begun(2);
    admit(driver, 1);
    expect(admitUpdate(statementFor(driver, 1), driver.state)).toBe(2);
    expect(admitUpdate(statementFor(driver, 3), driver.state)).toBe(0);
    const answer = { kind: 'update', statement: statementOf('south', 1), staleness: 2 } as const;
    driver.send({ kind: 'site-answered', site: 'south', answer, nowMs: 0 });
    expect(driver.facts.at(-1)).toMatchObject({ kind: 'update-accepted', round: 3, staleness: 2 });
    expect(driver.task('south')).toBeNull();
    expect(() => admit(driver, 2)).toThrow(refused('round-closed'));
    driver.work('north');
    expect(driver.aggregated.at(-1)?.statements).toEqual(
      [statementOf('south', 1), statementOf('north', 3)].sort(),
    );
  });

  it('is refused when it is too late, of another model, or the second of its round', () => {
    const driver = begun(3);
    expect(() => admit(driver, 1)).toThrow(refused('stale-round'));
    admit(driver, 2);
    const baseModel = baseOf(driver, 3);
    expect(() => admit(driver, 2, { baseModel })).toThrow(refused('wrong-base-model'));
    expect(() => admit(driver, 2, {}, true)).toThrow(refused('round-closed'));
    expect(() => admit(driver, 3, { round: 9 })).toThrow(refused('stale-round'));
  });

  it('is wanted as long as it would count, also while no round is open', () => {
    const driver = begun(2);
    expect(isStillWanted(driver.state, 'south', 1)).toBe(true);
    expect(isStillWanted(begun(3).state, 'south', 1)).toBe(false);
    driver.work('south');
    expect(isStillWanted(driver.state, 'south', 1)).toBe(false);

    const between = new Driver(plan, false);
    between.workAll();
    between.send({ kind: 'round-opened', round: 1, nowMs: 0 });
    expect(mustWait(between.state)).toBe(false);
    between.work('east');
    between.work('north');
    expect(between.facts.at(-1)).toMatchObject({ kind: 'round-closing', cause: 'buffer-full' });
    expect(isStillWanted(between.state, 'south', 1)).toBe(true);
    expect(mustWait(between.state)).toBe(false);
    between.send({ kind: 'updates-settled', round: 1 });
    expect(mustWait(between.state)).toBe(true);
    between.send({ kind: 'paused', nowMs: 0 });
    expect(mustWait(between.state)).toBe(false);
    expect(isStillWanted(between.state, 'south', 1)).toBe(false);
  });

  it('of the last rounds counts in no evaluation', () => {
    const driver = begun(plan.rounds);
    expect(driver.task('south')).toMatchObject({ kind: 'evaluate' });
    expect(isStillWanted(driver.state, 'south', plan.rounds)).toBe(false);
    expect(() => admit(driver, plan.rounds)).toThrow(refused('stale-round'));
    driver.workAll();
    expect(driver.state.status).toBe('completed');
  });

  it('is not missed: a full buffer takes nobody for silent', () => {
    const driver = begun(5);
    expect(driver.kinds()).not.toContain('site-not-awaited');
    expect(driver.state.members.get('south')?.silentRounds).toBe(0);
  });
});

describe('a job whose rounds do not overlap', () => {
  it('takes no update of an earlier round, and wants none', () => {
    const driver = new Driver({ ...shared, rounds: 3 });
    driver.workAll();
    driver.workAll();
    expect(() => admit(driver, 1)).toThrow(refused('stale-round'));
    expect(isStillWanted(driver.state, 'south', 1)).toBe(false);
    expect(mustWait(driver.state)).toBe(false);
  });
});
