import { sha256 } from '@fedvox/base';
import type { AnyUpdateStatement, UpdateStatement, UpdateStatementV2 } from '@fedvox/protocol';
import { describe, expect, it } from 'vitest';
import { admitStatement, admitUpdate } from './admission.js';
import { step, submitJob } from './job-machine.js';
import type { JobEvent, JobState } from './job-state.js';

const jobSha256 = sha256('job bytes');
const initialModel = sha256('model');
const plan = {
  jobId: 'job',
  rounds: 1,
  minSites: 1,
  deadlineMs: 1_000,
  invitedSites: ['east', 'north'],
  initialModel,
};
const play = (state: JobState, ...events: JobEvent[]) =>
  events.reduce((reached, event) => step(reached, event).state, state);

const passing = { figures: null, askAgainAtMs: 0, nowMs: 0 } as const;
const atGate = submitJob(plan, 0).state;
const open = play(
  atGate,
  { kind: 'gate-reported', site: 'east', outcome: 'pass', ...passing },
  { kind: 'gate-reported', site: 'north', outcome: 'pass', ...passing },
  { kind: 'round-opened', round: 1, nowMs: 0 },
);
const closing = play(open, { kind: 'tick', nowMs: 1_000, away: [] });

const statement: UpdateStatement = {
  kind: 'fedvox/update/v1',
  federation: 'testfed',
  job: 'job',
  jobDigest: jobSha256,
  round: 1,
  site: 'north',
  baseModel: initialModel,
  delta: { sha256: sha256('delta'), byteLength: 100 },
  weight: { value: 1, source: 'uniform' },
  figures: { dice: null, auc: null },
  counter: 5,
};
const admitAny = (state: JobState, presented: AnyUpdateStatement) =>
  admitStatement(presented, {
    ...{ job: { state, jobSha256 }, isAccepted: false, isRoundAnswered: false },
    lastCounter: 4,
    deltaByteLength: 100,
  });
const admit = (state: JobState, changes: Partial<UpdateStatement> = {}) =>
  admitAny(state, { ...statement, ...changes });
const refused = (code: string) => expect.objectContaining({ code: `refused/${code}` });

describe('a statement', () => {
  it('is let in when it is for this job, this round and this model', () => {
    expect(() => admit(open)).not.toThrow();
  });

  it.each<[string, Partial<UpdateStatement>]>([
    ['not-invited', { site: 'west' }],
    ['stale-round', { round: 2 }],
    ['wrong-job-digest', { jobDigest: sha256('other bytes') }],
    ['wrong-base-model', { baseModel: sha256('another') }],
    ['counter-not-increasing', { counter: 4 }],
    ['delta-missing', { delta: null }],
    ['delta-too-large', { delta: { sha256: sha256('delta'), byteLength: 101 } }],
  ])('is refused as %s', (code, changes) => {
    expect(() => admit(open, changes)).toThrow(refused(code));
  });

  it('says how many local steps made its update where the strategy needs that', () => {
    const stepwise: JobState = { ...open, plan: { ...open.plan, strategy: { kind: 'fednova' } } };
    const second: UpdateStatementV2 = {
      ...{ ...statement, kind: 'fedvox/update/v2', companions: [] },
      localSteps: 12,
    };
    expect(() => admitAny(stepwise, second)).not.toThrow();
    const silent = expect.objectContaining({
      code: 'refused/request-invalid',
      message: expect.stringContaining('fednova, the strategy of job job, needs the number of'),
    });
    expect(() => admit(stepwise)).toThrow(silent);
    expect(() => admitAny(stepwise, { ...second, localSteps: null })).toThrow(silent);
    expect(() => admitAny(open, second)).not.toThrow();
  });

  it('says a Dice where the strategy counts by it', () => {
    const strategy = { kind: 'q-fedavg', q: 1, lipschitz: 10 } as const;
    const fair: JobState = { ...open, plan: { ...open.plan, strategy } };
    expect(() => admit(fair, { figures: { dice: 0.5, auc: null } })).not.toThrow();
    expect(() => admit(fair)).toThrow(
      expect.objectContaining({
        code: 'refused/request-invalid',
        message: expect.stringContaining('needs a Dice'),
      }),
    );
  });

  it('says how its delta is encoded where the job asks for it, and nothing else', () => {
    const kinds = ['float32', 'bfloat16', 'int8'] as const;
    for (const asked of kinds) {
      const encoded = { ...open, plan: { ...open.plan, encoding: { kind: asked } } };
      for (const said of kinds) {
        const third: AnyUpdateStatement = {
          ...{ ...statement, kind: 'fedvox/update/v3', companions: [], localSteps: null },
          delta: { ...statement.delta!, encoding: said },
        };
        if (said === asked) expect(() => admitAny(encoded, third)).not.toThrow();
        else expect(() => admitAny(encoded, third)).toThrow(refused('request-invalid'));
      }
      if (asked === 'float32') expect(() => admitAny(encoded, statement)).not.toThrow();
      else expect(() => admitAny(encoded, statement)).toThrow(refused('request-invalid'));
    }
    expect(() => admitAny(open, statement)).not.toThrow();
  });

  it('is refused before the first round, and once its round is closing', () => {
    expect(() => admit(atGate)).toThrow(refused('stale-round'));
    expect(() => admit(closing)).toThrow(refused('round-closed'));
  });

  it('is refused while the job is paused, and after it ended', () => {
    const paused = play(open, { kind: 'paused', nowMs: 0 });
    expect(() => admit(paused)).toThrow(refused('job-paused'));
    expect(() => admit(play(open, { kind: 'aborted' }))).toThrow(refused('job-ended'));
  });
});

describe('an update that has been checked', () => {
  it('is still taken when its round began to close meanwhile, or the job was paused', () => {
    expect(() => admitUpdate(statement, closing)).not.toThrow();
    const paused = play(open, { kind: 'paused', nowMs: 0 });
    expect(() => admitUpdate(statement, paused)).not.toThrow();
  });

  it('is not taken once the set is frozen', () => {
    const east = { kind: 'update', statement: sha256('east') } as const;
    const frozen = play(
      open,
      { kind: 'site-answered', site: 'east', answer: east, nowMs: 0 },
      { kind: 'tick', nowMs: 1_000, away: [] },
      { kind: 'updates-settled', round: 1 },
    );
    expect(() => admitUpdate(statement, frozen)).toThrow(refused('round-closed'));
  });

  it('counts in a round whose deadline passed while it was being checked', () => {
    const north = { kind: 'update', statement: sha256('north') } as const;
    const settled = play(
      closing,
      { kind: 'site-answered', site: 'north', answer: north, nowMs: 1_001 },
      { kind: 'updates-settled', round: 1 },
    );
    expect(settled.activity).toMatchObject({ round: { phase: 'aggregating' } });
  });
});
