import { type Sha256, sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Step, step, submitJob } from '../core/job-machine.js';
import type { SubmittedPlan } from '../core/stored-state.js';
import type { NewCertificate, NewInvitation, Store, StoredUpdate } from './store.js';

/** What every `Store` must do, whatever it keeps its rows in. */
export function describeStore(name: string, open: () => Promise<Store>): void {
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
      expect(await store.figures('job')).toEqual([{ round: 1, site: 'north', weight, figures }]);
      expect(await store.update(update.statementSha256)).toEqual(update);
      expect(await store.update(sha256('another'))).toBeUndefined();
      const kinds = (await store.facts(0, 100)).map(({ fact }) => fact.kind);
      expect(kinds).toEqual(['job-submitted', 'gate-reported', 'job-submitted']);
    });

    it('changes nothing when a transition cannot be recorded whole', async () => {
      await submit(store, 'job');
      const update = updateOf('job', 'north', 1);
      await record(store, submitJob(planOf('job'), 6), update);
      const [before] = await store.jobs();
      const facts = await store.facts(0, 100);
      const again = { ...update, statementSha256: sha256('a second one of the same round') };
      await expect(record(store, passGate(submitJob(planOf('job'), 7)), again)).rejects.toThrow();
      expect((await store.jobs())[0]).toEqual(before);
      expect(await store.facts(0, 100)).toEqual(facts);
    });

    it('remembers when rounds opened, and which model and server state each committed', async () => {
      await submit(store, 'job');
      const { state } = submitJob(planOf('job'), 5);
      const [baseModel, model, serverState] = ['base', 'model', 'state'].map((name) =>
        sha256(name),
      );
      const opened = { kind: 'round-opened', round: 1, work: 'train', baseModel, deadlineAtMs: 99 };
      const committed = { kind: 'round-committed', round: 1, work: 'train', baseModel, model };
      await store.record({ state, atMs: 10, facts: [opened as never] });
      await store.record({ state, atMs: 20, facts: [committed as never] });
      const round = { round: 1, work: 'train', baseModel, openedAtMs: 10, model };
      expect(await store.rounds('job')).toEqual([
        { ...round, serverState: null, committedAtMs: 20 },
      ]);
      await store.record({ state, atMs: 30, facts: [{ ...committed, serverState } as never] });
      expect(await store.rounds('job')).toEqual([{ ...round, serverState, committedAtMs: 30 }]);
    });

    it('counts per job, site and key', async () => {
      await submit(store, 'job');
      const { state } = submitJob(planOf('job'), 5);
      for (const round of [1, 2]) {
        const update = updateOf('job', 'north', round);
        await store.record({ state, atMs: 10, facts: [], update });
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
      await store.record({ state, atMs: 10, facts: [{ kind: 'job-aborted' }], update });
      expect(await store.deltas('job')).toEqual([{ round: 1, sha256: update.deltaSha256 }]);
      expect(await store.lastFactAtMs('job')).toBe(10);
      await store.deleteJob('job', 20);
      expect((await store.jobs()).map((job) => job.state.plan.jobId)).toEqual(['other']);
      expect((await store.deletedJobs()).map((job) => job.state.plan.jobId)).toEqual(['job']);
      expect(await store.update(update.statementSha256)).toEqual(update);
      expect(await store.facts(0, 100)).toHaveLength(3);
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

    it('spends an invitation once, together with its certificate', async () => {
      const tokenHash = sha256('token');
      await store.addInvitation(invitationOf('north', tokenHash, 100));
      expect(await store.invitation(tokenHash)).toMatchObject({ spentOn: null });
      expect(await store.spendInvitation(tokenHash, certificateOf('north', '01'), [])).toBe(true);
      expect(await store.spendInvitation(tokenHash, certificateOf('north', '02'), [])).toBe(false);
      const certificates = await store.certificates();
      expect(certificates).toEqual([{ ...certificateOf('north', '01'), revokedAtMs: null }]);
      expect((await store.invitation(tokenHash))?.spentOn).toEqual(certificates[0]);
    });

    it('knows which sites hold an invitation that is still good', async () => {
      for (const [site, expiresAtMs] of [
        ['south', 100],
        ['north', 100],
        ['east', 50],
      ] as const) {
        await store.addInvitation(invitationOf(site, sha256(site), expiresAtMs));
      }
      await store.spendInvitation(sha256('north'), certificateOf('north', '01'), []);
      expect(await store.openInvitations(49)).toEqual(['east', 'south']);
      expect(await store.openInvitations(50)).toEqual(['south']);
    });

    it('does not spend an invitation that has expired', async () => {
      const tokenHash = sha256('token');
      await store.addInvitation(invitationOf('north', tokenHash, 9));
      expect(await store.spendInvitation(tokenHash, certificateOf('north', '09'), [])).toBe(false);
      expect(await store.certificates()).toEqual([]);
    });

    it('does not spend an invitation on another site’s certificate', async () => {
      const tokenHash = sha256('token');
      await store.addInvitation(invitationOf('north', tokenHash, 100));
      expect(await store.spendInvitation(tokenHash, certificateOf('south', '01'), [])).toBe(false);
      expect(await store.certificates()).toEqual([]);
    });

    it('has one open invitation of a site: the newest', async () => {
      const [first, second, other] = [sha256('first'), sha256('second'), sha256('other')];
      await store.addInvitation(invitationOf('north', first, 100));
      await store.addInvitation(invitationOf('south', other, 100));
      await store.addInvitation(invitationOf('north', second, 100));
      expect(await store.invitation(first)).toMatchObject({ isReplaced: true });
      expect(await store.spendInvitation(first, certificateOf('north', '01'), [])).toBe(false);
      expect(await store.spendInvitation(other, certificateOf('south', '02'), [])).toBe(true);
      expect(await store.spendInvitation(second, certificateOf('north', '03'), [])).toBe(true);
    });

    it('revokes what an enrolment replaces, together with it, and of that site only', async () => {
      await enrol(store, certificateOf('north', '01'));
      await enrol(store, certificateOf('south', '02'));
      const tokenHash = sha256('again');
      await store.addInvitation(invitationOf('north', tokenHash, 100));
      const replaced = ['01', '02'];
      await store.spendInvitation(tokenHash, certificateOf('north', '03'), replaced);
      const certificates = await store.certificates();
      expect(certificates.map(({ serial, revokedAtMs }) => [serial, revokedAtMs])).toEqual([
        ['01', 3],
        ['03', null],
        ['02', null],
      ]);
    });

    it('renews for a certificate that counts, and for no other', async () => {
      await enrol(store, certificateOf('north', '01'));
      expect(await store.addRenewal('00', certificateOf('north', '02'))).toBe(false);
      expect(await store.addRenewal('01', certificateOf('north', '02'))).toBe(true);
      await store.revokeSite('north', 50);
      expect(await store.addRenewal('02', certificateOf('north', '03'))).toBe(false);
      expect(await store.certificates()).toHaveLength(2);
    });

    it('revokes every certificate of a site, and the tokens it still had', async () => {
      await enrol(store, certificateOf('north', '01'));
      await store.addRenewal('01', certificateOf('north', '02'));
      await enrol(store, certificateOf('south', '03'));
      const tokenHash = sha256('token');
      await store.addInvitation(invitationOf('north', tokenHash, 1_000));
      expect(await store.revokeSite('north', 50)).toEqual(['01', '02']);
      const revoked = (await store.certificates()).map(({ revokedAtMs }) => revokedAtMs);
      expect(revoked).toEqual([50, 50, null]);
      expect((await store.invitation(tokenHash))?.expiresAtMs).toBe(50);
    });

    it('takes up a revocation that it had not heard of, with the invitations of its time', async () => {
      await enrol(store, certificateOf('north', '01'));
      await enrol(store, certificateOf('south', '02'));
      const [before, after] = [sha256('before'), sha256('after')];
      await store.addInvitation(invitationOf('north', before, 1_000));
      await store.takeUpRevocation({ site: 'north', serials: ['01', '02', 'ff'], atMs: 50 });
      await store.addInvitation({ ...invitationOf('north', after, 1_000), createdAtMs: 50 });
      await store.takeUpRevocation({ site: 'north', serials: ['01', '02', 'ff'], atMs: 50 });
      const revoked = (await store.certificates()).map(({ revokedAtMs }) => revokedAtMs);
      expect(revoked).toEqual([50, null]);
      expect((await store.invitation(before))?.expiresAtMs).toBe(50);
      expect((await store.invitation(after))?.expiresAtMs).toBe(1_000);
    });

    it('keeps operators once, and says who holds a key', async () => {
      const operator = {
        serial: '0f',
        name: 'anna',
        keyId: sha256('a key'),
        certificatePem: 'PEM',
        knownSinceMs: 1,
      };
      await store.keepOperators([operator]);
      await store.keepOperators([{ ...operator, knownSinceMs: 2 }]);
      expect(await store.operators()).toEqual([operator]);
      await enrol(store, { ...certificateOf('north', '01'), keyId: sha256('a key') });
      expect(await store.holdersOf(sha256('a key'))).toEqual(['anna', 'north']);
      expect(await store.holdersOf(sha256('another key'))).toEqual([]);
    });
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
  return store.record({ state, facts, atMs: 10, ...(update === undefined ? {} : { update }) });
}

function passGate({ state }: Step): Step {
  const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0, nowMs: 7 } as const;
  return step(state, { kind: 'gate-reported', site: 'north', ...passed });
}

function updateOf(jobId: string, site: string, round: number): StoredUpdate {
  return {
    statementSha256: sha256(`${jobId}/${site}/${round}`),
    jobId,
    round,
    site,
    deltaSha256: round === 3 ? null : sha256('delta'),
    weight: 36.5,
    figures: { dice: 0.812345678901234, auc: null },
    counter: round * 10,
    keyId: sha256('key'),
    acceptedAtMs: 10,
    statementEnvelope: '{"payload":"…"}',
    receiptEnvelope: '{}',
  };
}

function invitationOf(site: string, tokenHash: Sha256, expiresAtMs: number): NewInvitation {
  return { tokenHash, site, createdAtMs: 1, expiresAtMs, replaces: false };
}

async function enrol(store: Store, certificate: NewCertificate): Promise<void> {
  const tokenHash = sha256(`token for ${certificate.serial}`);
  await store.addInvitation(invitationOf(certificate.site, tokenHash, 1_000));
  await store.spendInvitation(tokenHash, certificate, []);
}

function certificateOf(site: string, serial: string): NewCertificate {
  return {
    serial,
    site,
    keyId: sha256(`key of ${serial}`),
    certificatePem: `PEM ${serial}`,
    issuedAtMs: Number(serial),
  };
}
