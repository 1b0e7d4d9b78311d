import { readFileSync } from 'node:fs';
import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { Driver, plan, statementOf } from '../testing/job-driver.js';
import { dueEffects, nextTickAtMs } from './job-state.js';
import { readJobState, renewJobState, type StoredState, writeJobState } from './stored-state.js';

const golden = (file: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(`golden/${file}`, import.meta.url), 'utf8'));
/** As the first program stored them, which knew neither grace nor latecomers, nor said a version. */
const stored = golden('states-0.1.json');
/** As the first two versions had it: all in one object. */
const readWhole = (state: unknown) =>
  readJobState({ head: JSON.stringify(state), plan: null, sites: new Map() }, 'job');
const read = (name: string) => readWhole(stored[name]);

interface GoldenParts {
  readonly head: object;
  readonly plan: object;
  readonly sites: Readonly<Record<string, object>>;
}

function storedOf({ head, plan, sites }: GoldenParts): StoredState {
  const rows = Object.entries(sites).map(([site, row]) => [site, JSON.stringify(row)] as const);
  return { head: JSON.stringify(head), plan: JSON.stringify(plan), sites: new Map(rows) };
}

/** Goes on with a stored state at a time when its round has just been opened. */
function goOn(name: string): Driver {
  const driver = new Driver(plan);
  driver.nowMs = 86_403_000;
  driver.state = read(name);
  for (const effect of dueEffects(driver.state)) driver.carryOut(effect);
  return driver;
}

describe('the state of a job that an earlier version stored', () => {
  it.each(Object.keys(stored))('%s goes on to the end of its job', (name) => {
    const driver = goOn(name);
    if (driver.state.status !== 'running') {
      driver.send({ kind: 'resumed', nowMs: driver.nowMs });
    }
    for (let turn = 0; turn < 12 && driver.state.status === 'running'; turn++) {
      driver.workAll();
      driver.passTime(100, ...plan.invitedSites);
    }
    expect(driver.state.status).toBe('completed');
  });

  it.each(Object.entries(golden('states-2.json')))('of version 2 is kept, %s', (name, state) => {
    expect(readWhole(state)).toEqual(read(name));
  });

  it.each(Object.entries(golden('states-3.json')))('of version 3 is kept, %s', (name, parts) => {
    expect(readJobState(storedOf(parts as GoldenParts), 'job')).toEqual(read(name));
  });

  it('keeps its deadlines, its quorum and what was accepted', () => {
    expect(nextTickAtMs(read('at the gate'))).toBe(86_401_000);
    expect(nextTickAtMs(read('in an open round'))).toBe(86_402_000 + 86_400_000);
    const closing = goOn('in a closing round');
    expect(closing.aggregated[0]?.statements).toEqual([statementOf('north', 1)]);
    const failed = goOn('failed without its quorum');
    failed.send({ kind: 'resumed', nowMs: failed.nowMs });
    failed.work('east');
    expect(failed.aggregated[0]?.statements).toContain(statementOf('north', 1));
  });

  it('has a strategy that kept nothing', () => {
    for (const name of ['in an open round', 'in a closing round']) {
      const driver = goOn(name);
      driver.work('north');
      driver.passTime(86_400_000);
      expect(driver.aggregated[0]?.baseState).toBeNull();
    }
  });

  it('asks at the gate whom it asked, and takes in at the next round whom it had left out', () => {
    const gate = goOn('at the gate');
    expect(gate.task('east')).toEqual({ kind: 'check-data' });
    expect(gate.task('south')).toBeNull();
    const round = goOn('in an open round');
    expect(round.task('north')).toMatchObject({ kind: 'train', round: 1 });
    expect(round.task('east')).toEqual({ kind: 'check-data' });
    round.work('east');
    round.work('north');
    expect(round.task('east')).toMatchObject({ kind: 'train', round: 2 });
  });
});

describe('a stored state', () => {
  const { state } = new Driver(plan);
  const written = writeJobState(state);
  const head = JSON.parse(written.head);
  const [tooNew, unreadable] = ['too-new', 'unreadable'].map((what) =>
    expect.objectContaining({ code: `coordinator/job-state-${what}` }),
  );

  it('says its version, its plan and its sites apart from it', () => {
    const { status, activity } = state;
    expect(head).toEqual({ version: 3, status, activity });
    expect(JSON.parse(written.plan)).toEqual(state.plan);
    expect([...written.sites.keys()]).toEqual(plan.invitedSites);
  });

  it('is written anew where an earlier version wrote it, and only there', () => {
    const gate = { head: JSON.stringify(stored['at the gate']), plan: null, sites: new Map() };
    expect(renewJobState(gate)).toEqual(writeJobState(read('at the gate')));
    expect(renewJobState(written)).toBeNull();
    expect(renewJobState({ ...gate, head: '{"version":2' })).toBeNull();
  });

  it('of a newer version is refused by its number, with what to do', () => {
    const newer = { ...written, head: JSON.stringify({ ...head, version: 4, mood: 'good' }) };
    expect(() => readJobState(newer, 'job')).toThrow(tooNew);
    expect(() => readJobState(newer, 'job')).toThrow('is of version 4; this coordinator knows 3');
  });

  it.each([
    ['cut off', { head: written.head.slice(0, -9) }],
    ['without its plan', { plan: null }],
    ['with a plan that is cut off', { plan: written.plan.slice(0, -9) }],
    ['without a site that it invited', { sites: new Map([...written.sites].slice(1)) }],
    ['with a site that is cut off', { sites: withEast('{"isRevoked":fal') }],
    ['with a site that lacks something', { sites: withEast('{"isRevoked":false}') }],
    ['of version 1 without its plan', { head: withHead({ version: 1 }), plan: null }],
    ['with a round of no known phase', { head: withRound({ phase: 'resting' }) }],
    [
      'with a base model that is no digest',
      { head: withRound({ phase: 'pending', baseModel: 'x' }) },
    ],
    ['with something more', { head: withHead({ mood: 'good' }) }],
  ])('that is damaged is refused, %s', (_, damage: Partial<StoredState>) => {
    expect(() => readJobState({ ...written, ...damage }, 'job')).toThrow(unreadable);
  });

  function withEast(row: string): ReadonlyMap<string, string> {
    return new Map([...written.sites, ['east', row]]);
  }

  function withHead(changes: object): string {
    return JSON.stringify({ ...head, ...changes });
  }

  function withRound(changes: object): string {
    const round = { number: 1, work: 'train', baseModel: sha256('m'), baseState: null };
    return withHead({ activity: { kind: 'round', round: { ...round, ...changes } } });
  }
});
