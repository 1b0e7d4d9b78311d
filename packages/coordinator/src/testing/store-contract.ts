import { assert, sha256 } from '@fedvox/base';
import { DEFAULT_FIREWALL } from '@fedvox/job';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Step, step, submitJob } from '../core/job-machine.js';
import type { JobEvent } from '../core/job-state.js';
import type { SubmittedPlan } from '../core/submitted-plan.js';
import type { Verdict } from '../core/verdict.js';
import {
  FIRST_REVISION,
  type RecordedTransition,
  type Store,
  type StoredJob,
  type StoredUpdate,
  type StoreSnapshot,
} from '../store/store.js';
import { describeMembers } from './member-contract.js';

/**
 * What every `Store` must do, whatever it keeps its rows in.
 * @param restore opens another store of the kind on a snapshot
 */
export function describeStore(
  name: string,
  open: () => Promise<Store>,
  restore: (snapshot: StoreSnapshot) => Promise<Store>,
): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('gives jobs back as they were, oldest first', async () => {
      await submit(store, 'first');
      await submit(store, 'second');
      const jobs = await store.jobs();
      expect(jobs.map(({ state }) => state.plan.jobId)).toEqual(['first', 'second']);
      expect(jobs[0]?.state).toEqual(submitJob(planOf('first'), 5).state);
    });

    it('refuses a second job of the same id and keeps the first', async () => {
      await submit(store, 'job');
      await expect(submit(store, 'job')).rejects.toMatchObject({ code: 'coordinator/job-exists' });
      expect(await store.jobs()).toHaveLength(1);
    });

    it('records state, update and facts of a transition together', async () => {
      await submit(store, 'job');
      await record(store, passGate(submitJob(planOf('job'), 5)));
      const update = updateOf('job', 'north', 1);
      await record(store, submitJob(planOf('job'), 6), update);
      expect(await store.updates('job', 1)).toEqual([update]);
      expect(await store.updates('job', 2)).toEqual([]);
      const { weight, figures } = update;
      const reported = [{ round: 1, site: 'north', weight, figures }];
      expect(await store.figures('job')).toEqual(reported);
      expect(await store.figures('job', { first: 1, last: 3 })).toEqual(reported);
      expect(await store.figures('job', { first: 2, last: 3 })).toEqual([]);
      expect(await store.update(update.statementSha256)).toEqual(update);
      expect(await store.update(sha256('another'))).toBeUndefined();
      const kinds = (await store.facts(0, 100)).map(({ fact }) => fact.kind);
      expect(kinds).toEqual(['job-submitted', 'gate-reported', 'job-submitted']);
    });

    it('keeps the verdicts on updates that a transition brought, the last word about each', async () => {
      await submit(store, 'job');
      const found = {
        norm: 12.5,
        cosine: null,
        reason: 'norm-too-large',
        flags: [],
        by: null,
      } as const;
      const flagged = {
        norm: 0,
        cosine: null,
        reason: null,
        flags: ['zero-delta'],
        by: null,
      } as const;
      await record(store, judgedRound({ north: found, south: flagged }));
      await record(store, judgedRound({ north: found, south: flagged }));
      const verdicts = [
        { round: 1, site: 'north', ...found },
        { round: 1, site: 'south', ...flagged },
      ];
      expect(await store.verdicts('job', 1)).toEqual(verdicts);
      const released = { ...found, reason: null, by: 'anna' };
      await record(store, judgedRound({ north: released, south: flagged }));
      expect(await store.verdicts('job', 1)).toEqual([
        { round: 1, site: 'north', ...released },
        verdicts[1],
      ]);
      const { activity } = judgedRound({ north: released, south: flagged }).state;
      expect((await store.job('job'))?.state.activity).toEqual(activity);
      expect(await store.verdicts('job', 2)).toEqual([]);
      expect(await store.verdicts('another', 1)).toEqual([]);
    });

    it('changes nothing when a transition cannot be recorded whole', async () => {
      await submit(store, 'job');
      const update = updateOf('job', 'north', 1);
      await record(store, submitJob(planOf('job'), 6), update);
      const [before] = await store.jobs();
      const facts = await store.facts(0, 100);
      const again = { ...update, statementSha256: sha256('a second one of the same round') };
      const recording = record(store, passGate(submitJob(planOf('job'), 7)), again);
      await expect(recording).rejects.toMatchObject({ code: 'coordinator/update-exists' });
      expect((await store.jobs())[0]).toEqual(before);
      expect(await store.facts(0, 100)).toEqual(facts);
    });

    it('lets one of two writers win that saw the same revision, and the other change nothing', async () => {
      await submit(store, 'job');
      const { state, facts } = passGate(submitJob(planOf('job'), 5));
      const seen = await storedJob(store, 'job');
      const transition = { state, seen, facts, atMs: 10 };
      const updates = ['north', 'south'].map((site) => updateOf('job', site, 1));
      const writers = updates.map((update) => store.record({ ...transition, update }));
      const outcomes = await Promise.allSettled(writers);
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(lost).toMatchObject([{ reason: { code: 'coordinator/job-changed' } }]);
      const won = updates.filter((_, writer) => outcomes[writer]?.status === 'fulfilled');
      expect(await store.updates('job', 1)).toEqual(won);
      expect(await store.job('job')).toMatchObject({ state, revision: seen.revision + 1 });
      expect(await store.facts(0, 100)).toHaveLength(2);
      await store.record({ ...transition, seen: { state, revision: seen.revision + 1 } });
      expect((await storedJob(store, 'job')).revision).toBe(seen.revision + 2);
    });

    it('records nothing on a job that was deleted, and deletes none that has changed', async () => {
      await submit(store, 'job');
      const { state } = submitJob(planOf('job'), 5);
      const overtaken = { code: 'coordinator/job-changed' };
      await recordNext(store, { state, facts: [], atMs: 10 });
      await expect(store.deleteJob('job', FIRST_REVISION, 20, [])).rejects.toMatchObject(overtaken);
      const { revision: seen } = await storedJob(store, 'job');
      await store.deleteJob('job', seen, 20, []);
      expect(await store.job('job')).toBeUndefined();
      for (const revision of [seen, seen + 1]) {
        const transition = { state, seen: { state, revision }, facts: [], atMs: 30 };
        const recording = store.record(transition);
        await expect(recording).rejects.toMatchObject(overtaken);
      }
      expect(await store.facts(0, 100)).toHaveLength(1);
    });

    it('gives a snapshot of one moment, which opens with everything in it', async () => {
      await submit(store, 'job');
      const update = updateOf('job', 'north', 2);
      await record(store, passGate(submitJob(planOf('job'), 5)), update);
      const [jobs, facts] = [await store.jobs(), await store.facts(0, 100)];
      const snapshot = await store.snapshot();
      await record(store, submitJob(planOf('job'), 6));
      const copy = await restore(snapshot);
      expect(await copy.jobs()).toEqual(jobs);
      expect(await copy.facts(0, 100)).toEqual(facts);
      expect(await copy.updates('job', 2)).toEqual([update]);
      await copy.close();
    });

    it('remembers when rounds opened, and which model and server state each committed', async () => {
      await submit(store, 'job');
      const { state } = submitJob(planOf('job'), 5);
      const [baseModel, model, serverState] = ['base', 'model', 'state'].map((name) =>
        sha256(name),
      );
      const opened = { kind: 'round-opened', round: 1, work: 'train', baseModel, deadlineAtMs: 99 };
      const committed = { kind: 'round-committed', round: 1, work: 'train', baseModel, model };
      await recordNext(store, { state, atMs: 10, facts: [opened as never] });
      await recordNext(store, { state, atMs: 20, facts: [committed as never] });
      const round = { round: 1, work: 'train', baseModel, openedAtMs: 10, model };
      expect(await store.rounds('job')).toEqual([
        { ...round, serverState: null, committedAtMs: 20 },
      ]);
      await recordNext(store, { state, atMs: 30, facts: [{ ...committed, serverState } as never] });
      expect(await store.rounds('job')).toEqual([{ ...round, serverState, committedAtMs: 30 }]);
      expect(await store.rounds('job', 1)).toHaveLength(1);
      expect(await store.rounds('job', 2)).toEqual([]);
    });

    it('counts per job, site and key', async () => {
      await submit(store, 'job');
      const { state } = submitJob(planOf('job'), 5);
      for (const round of [1, 2]) {
        const update = updateOf('job', 'north', round);
        await recordNext(store, { state, atMs: 10, facts: [], update });
      }
      expect(await store.lastCounter('job', 'north', sha256('key'))).toBe(20);
      expect(await store.lastCounter('job', 'north', sha256('another key'))).toBe(0);
      expect(await store.lastCounter('job', 'south', sha256('key'))).toBe(0);
    });

    it('counts what a site spoilt, over all jobs, until one of its updates is accepted', async () => {
      await submit(store, 'job');
      const strikes = [await store.addStrike('north'), await store.addStrike('north')];
      expect([...strikes, await store.addStrike('south')]).toEqual([1, 2, 1]);
      await record(store, submitJob(planOf('job'), 6), updateOf('job', 'north', 1));
      expect(await store.addStrike('north')).toBe(1);
      expect(await store.addStrike('south')).toBe(2);
    });

    it('lists a job’s deltas, and takes it off the list with its rows kept', async () => {
      await submit(store, 'job');
      await submit(store, 'other');
      const { state } = submitJob(planOf('job'), 5);
      const update = updateOf('job', 'north', 1);
      await recordNext(store, { state, atMs: 10, facts: [{ kind: 'job-aborted' }], update });
      expect(await store.deltas('job')).toEqual([{ round: 1, sha256: update.deltaSha256 }]);
      expect(await store.lastFactAtMs('job')).toBe(10);
      const { revision } = await storedJob(store, 'job');
      const deletion = { kind: 'job-deleted', by: 'anna' } as const;
      await store.deleteJob('job', revision, 20, [deletion]);
      expect((await store.jobs()).map((job) => job.state.plan.jobId)).toEqual(['other']);
      expect((await store.deletedJobs()).map((job) => job.state.plan.jobId)).toEqual(['job']);
      expect(await store.update(update.statementSha256)).toEqual(update);
      const facts = await store.facts(0, 100);
      expect(facts).toHaveLength(4);
      expect(facts.at(-1)).toMatchObject({ jobId: 'job', atMs: 20, fact: deletion });
    });

    it('gives one job’s facts by page, and those of them that were ordered', async () => {
      await submit(store, 'job');
      await submit(store, 'other');
      const { state } = submitJob(planOf('job'), 5);
      const facts = [
        { kind: 'job-paused', by: 'anna' },
        { kind: 'gate-asked-again', site: 'north' },
        { kind: 'job-resumed', by: 'bert' },
        { kind: 'job-aborted' },
      ] as const;
      await recordNext(store, { state, atMs: 10, facts });
      const all = await store.facts(0, 100);
      const own = all.filter(({ jobId }) => jobId === 'job');
      expect(own).toHaveLength(5);
      expect(await store.facts(0, 100, 'job')).toEqual(own);
      expect(await store.facts(own[1]?.sequence ?? 0, 2, 'job')).toEqual(own.slice(2, 4));
      expect(await store.facts(0, 100, 'none')).toEqual([]);
      const newest = Number.MAX_SAFE_INTEGER;
      expect(await store.factsBefore(newest, 2)).toEqual(all.slice(-2));
      expect(await store.factsBefore(newest, 2, 'job')).toEqual(own.slice(-2));
      expect(await store.factsBefore(own[2]?.sequence ?? 0, 100, 'job')).toEqual(own.slice(0, 2));
      expect(await store.factsBefore(all[0]?.sequence ?? 0, 100)).toEqual([]);
      const ordered = [own[1], own[3]];
      expect(await store.orders('job', 10)).toEqual(ordered);
      expect(await store.orders('job', 1)).toEqual(ordered.slice(1));
      expect(await store.orders('other', 10)).toEqual([]);
    });

    it('counts refused updates in a row for each site and reason, and tells the first of a round', async () => {
      await submit(store, 'job');
      const refusal = { jobId: 'job', site: 'north', reason: 'stale-round', round: 1, times: 1 };
      expect(await store.addRefusal({ ...refusal, atMs: 10 })).toBe(true);
      expect(await store.addRefusal({ ...refusal, times: 40, atMs: 20 })).toBe(false);
      expect(await store.addRefusal({ ...refusal, round: 2, atMs: 30 })).toBe(true);
      expect(await store.addRefusal({ ...refusal, site: 'east', atMs: 40 })).toBe(true);
      const { round, ...counted } = { site: 'north', reason: 'stale-round', round: 2, times: 42 };
      expect(await store.refusals('job')).toEqual([
        { ...counted, site: 'east', round: 1, times: 1, firstAtMs: 40, lastAtMs: 40 },
        { ...counted, round, firstAtMs: 10, lastAtMs: 30 },
      ]);
      expect(await store.refusals('other')).toEqual([]);
      const told = (await store.facts(0, 100)).filter(({ fact }) => fact.kind === 'update-refused');
      expect(told.map(({ fact, atMs }) => [fact, atMs])).toEqual([
        [{ kind: 'update-refused', site: 'north', reason: 'stale-round', round: 1 }, 10],
        [{ kind: 'update-refused', site: 'north', reason: 'stale-round', round: 2 }, 30],
        [{ kind: 'update-refused', site: 'east', reason: 'stale-round', round: 1 }, 40],
      ]);
    });

    it('remembers when sites were last seen, and writes a copy of everything', async () => {
      await store.recordSightings(
        new Map([
          ['north', 5],
          ['south', 6],
        ]),
      );
      await store.recordSightings(new Map([['north', 7]]));
      expect([...(await store.sightings())]).toEqual([
        ['north', 7],
        ['south', 6],
      ]);
    });

    it('remembers which bytes were removed, and when last', async () => {
      const [gone, here] = [sha256('gone'), sha256('here')];
      await store.recordRemoved([gone], 5);
      await store.recordRemoved([gone], 7);
      await store.recordRemoved([], 9);
      expect(await store.removedAtMs(gone)).toBe(7);
      expect(await store.removedAtMs(here)).toBeUndefined();
    });

    it('gives facts in pages, in order', async () => {
      await submit(store, 'first');
      await submit(store, 'second');
      const [first] = await store.facts(0, 1);
      const [second] = await store.facts(first?.sequence ?? 0, 10);
      expect([first?.jobId, second?.jobId]).toEqual(['first', 'second']);
    });

    describeMembers(() => store);
  });
}

export function planOf(jobId: string): SubmittedPlan {
  return {
    jobId,
    rounds: 2,
    minSites: 1,
    deadlineMs: 1_000,
    invitedSites: ['north', 'south'],
    initialModel: sha256('initial'),
  };
}

async function submit(store: Store, jobId: string): Promise<void> {
  const { state, facts } = submitJob(planOf(jobId), 5);
  await store.addJob({
    name: 'a-job',
    jobSha256: sha256(jobId),
    submittedAtMs: 5,
    state,
    facts,
  });
}

function record(store: Store, { state, facts }: Step, update?: StoredUpdate): Promise<void> {
  const atMs = 10;
  return recordNext(store, { state, facts, atMs, ...(update === undefined ? {} : { update }) });
}

/** Records on what is stored, as whoever has just read it does. */
async function recordNext(
  store: Store,
  transition: Omit<RecordedTransition, 'seen'>,
): Promise<void> {
  const seen = await storedJob(store, transition.state.plan.jobId);
  await store.record({ ...transition, seen });
}

async function storedJob(store: Store, jobId: string): Promise<StoredJob> {
  const job = await store.job(jobId);
  assert(job !== undefined, 'the test has added the job');
  return job;
}

function passGate({ state }: Step): Step {
  const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0, nowMs: 7 } as const;
  return step(state, { kind: 'gate-reported', site: 'north', ...passed });
}

/** Of two sites, after their updates were looked at. */
function judgedRound(verdicts: Readonly<Record<string, Verdict>>): Step {
  const sites = Object.keys(verdicts);
  const firewall = { ...DEFAULT_FIREWALL, onQuarantine: 'wait' } as const;
  const plan = { ...planOf('job'), invitedSites: sites, minSites: 1, firewall };
  const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0, nowMs: 7 } as const;
  const events: JobEvent[] = [
    ...sites.map((site) => ({ kind: 'gate-reported', site, ...passed }) as const),
    { kind: 'round-opened', round: 1, nowMs: 7 },
    ...sites.map((site) => {
      const answer = { kind: 'update', statement: sha256(site) } as const;
      return { kind: 'site-answered', site, answer, nowMs: 7 } as const;
    }),
    { kind: 'updates-settled', round: 1 },
    {
      kind: 'screened',
      round: 1,
      verdicts: Object.entries(verdicts).map(([site, verdict]) => ({ site, ...verdict })),
      nowMs: 8,
    },
  ];
  return events.reduce<Step>(({ state }, event) => step(state, event), submitJob(plan, 5));
}

function updateOf(jobId: string, site: string, round: number): StoredUpdate {
  return {
    statementSha256: sha256(`${jobId}/${site}/${round}`),
    jobId,
    round,
    site,
    deltaSha256: round === 3 ? null : sha256('delta'),
    weight: 36.5,
    localSteps: round === 2 ? 40 : null,
    figures: { dice: 0.812345678901234, auc: null },
    counter: round * 10,
    keyId: sha256('key'),
    acceptedAtMs: 10,
    statementEnvelope: '{"payload":"…"}',
    receiptEnvelope: '{}',
  };
}
