import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  INITIAL_WEIGHTS,
  startTestFederation,
  type TestFederation,
  waitForJob,
} from '../support/federation.js';
import { diceOf, type ScriptedSite, WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';

const weighted = (...sites: string[]) =>
  sites.map((site) => ({ site, weight: WEIGHTS[site] as number }));

describe('a federation of scripted sites', () => {
  let consortium: TestConsortium;
  let federation: TestFederation;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    federation = await startTestFederation(consortium);
  });
  afterAll(async () => {
    await federation.stop();
    await consortium.remove();
  });

  it('averages every round to the bytes that the formula gives, and names the best model', async () => {
    const id = await federation.submit({ rounds: 3, minSites: 3 });
    const job = await workUntil(federation.sites, id, 'completed');

    let model = INITIAL_WEIGHTS;
    const digests = [digestOf(model)];
    for (let round = 1; round <= 3; round++) {
      model = expectedModel(model, round, weighted('east', 'north', 'south'));
      digests.push(digestOf(model));
    }
    expect(job.rounds.map(({ modelSha256 }) => modelSha256)).toEqual(digests);
    expect(job.gate.map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass']);
    const dice = job.rounds.map((row) => row.sites.find(({ site }) => site === 'north')?.dice);
    expect(dice).toEqual([1, 2, 3, 4].map((round) => diceOf('north', round)));
    expect(job.best).toEqual({ round: 3, sha256: digests[3] });
  });

  it('cuts a silent site off at the deadline, and takes it back in the next round', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 2, deadline: '2s' });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const present = federation.sites.filter(({ name }) => name !== 'east');
    await workUntil(present, id, (job) => job.current?.round === 2);
    const late = await federation.site('east').nextRoundTask();
    expect(late.work).toMatchObject({ kind: 'train', round: 2 });
    const job = await workUntil(federation.sites, id, 'completed');

    const first = expectedModel(INITIAL_WEIGHTS, 1, weighted('north', 'south'));
    const second = expectedModel(first, 2, weighted('east', 'north', 'south'));
    expect(job.rounds.at(-1)?.modelSha256).toBe(digestOf(second));
  });

  it('fails without its quorum, keeps what it has, and goes on when it is resumed', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 2, deadline: '1s' });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    await workUntil([federation.site('south')], id, 'failed');
    expect(await federation.operator.job(id)).toMatchObject({ reason: 'quorum-not-reached' });
    await federation.operator.resumeJob(id);
    const job = await workUntil([federation.site('north')], id, 'completed');
    const model = expectedModel(INITIAL_WEIGHTS, 1, weighted('north', 'south'));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(model));
  });

  it('stops giving work while paused, and continues where it was', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const north = federation.site('north');
    const task = await north.nextRoundTask();
    await federation.operator.pauseJob(id);
    const beat = { job: id, round: 1, state: 'training' } as const;
    expect(await north.client.heartbeat(beat)).toEqual({ stillWanted: false });
    const paused = north.client.beginUpload(north.sign(task).envelope);
    await expect(paused).rejects.toMatchObject({ code: 'refused/job-paused' });
    await federation.operator.resumeJob(id);
    expect(await north.client.heartbeat(beat)).toEqual({ stillWanted: true });
    const job = await workUntil(federation.sites, id, 'completed');
    expect(job.rounds).toHaveLength(2);
  });

  it('shows the operator who has answered and who is awaited', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    await federation.site('south').workOnce();
    await federation.site('north').client.heartbeat({ job: id, round: 1, state: 'training' });
    const { current } = await federation.operator.job(id);
    expect(current).toMatchObject({ kind: 'train', round: 1, phase: 'open' });
    const shown = current?.sites.map(({ site, answer, state }) => [site, answer, state]);
    expect(shown).toEqual([
      ['east', 'awaited', 'idle'],
      ['north', 'awaited', 'training'],
      ['south', 'answered', 'uploading'],
    ]);
    await workUntil(federation.sites, id, 'completed');
    expect((await federation.operator.job(id)).current).toBeNull();
  });

  it('ends at once when it is aborted, and tells a site that was at work', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const north = federation.site('north');
    const task = await north.nextRoundTask();
    await federation.operator.abortJob(id);
    const beat = { job: id, round: 1, state: 'training' } as const;
    expect(await north.client.heartbeat(beat)).toEqual({ stillWanted: false });
    const upload = north.client.beginUpload(north.sign(task).envelope);
    await expect(upload).rejects.toMatchObject({ code: 'refused/job-ended' });
    const resume = federation.operator.resumeJob(id);
    await expect(resume).rejects.toMatchObject({ code: 'coordinator/job-over' });
  });

  it('gives each site the oldest job first', async () => {
    const first = await federation.submit({ rounds: 1, minSites: 3 });
    const second = await federation.submit({ rounds: 1, minSites: 3 });
    const north = federation.site('north');
    expect((await north.client.nextTask('idle'))?.job).toBe(first);
    await north.workOnce();
    expect((await north.client.nextTask('idle'))?.job).toBe(second);
    for (const id of [first, second]) await workUntil(federation.sites, id, 'completed');
  });

  it('gives a site up that spoils update after update, and goes on without it', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 2 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const east = federation.site('east');
    for (let attempt = 0; attempt < 3; attempt++) {
      const task = await east.nextRoundTask();
      const { byteLength } = east.sign(task).delta;
      const spoilt = east.sign(task, { delta: Buffer.alloc(byteLength, 'no weights') });
      const delivery = east.deliver(spoilt);
      await expect(delivery).rejects.toMatchObject({ code: 'refused/delta-not-safetensors' });
    }
    const job = await workUntil(federation.sites, id, 'completed');
    const model = expectedModel(INITIAL_WEIGHTS, 1, weighted('north', 'south'));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(model));
  });

  it('refuses a revoked site from its next call on, and does not wait for it', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 2 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const east = federation.site('east');
    const task = await east.nextRoundTask();
    const update = east.sign(task);
    const { statement } = await east.client.beginUpload(update.envelope);
    await federation.operator.revokeSite('east');
    const { client } = east;
    const beat = { job: id, round: 1, state: 'training' } as const;
    for (const call of [
      client.nextTask('idle'),
      client.heartbeat(beat),
      client.beginUpload(update.envelope),
      client.submit(statement),
      client.hello(['delta-f32']),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'refused/revoked' });
    }
    const others = federation.sites.filter((site) => site !== east);
    const job = await workUntil(others, id, 'completed');
    const model = expectedModel(INITIAL_WEIGHTS, 1, weighted('north', 'south'));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(model));
    const listed = await federation.operator.sites();
    expect(listed.find(({ site }) => site === 'east')).toMatchObject({ revoked: true });
  });

  type JobDetails = Awaited<ReturnType<TestFederation['operator']['job']>>;

  async function workUntil(
    sites: readonly ScriptedSite[],
    id: string,
    goal: JobDetails['status'] | ((job: JobDetails) => boolean),
  ): Promise<JobDetails> {
    const done = new AbortController();
    const working = Promise.all(sites.map((site) => site.work(done.signal)));
    const isReached =
      typeof goal === 'function' ? goal : ({ status }: JobDetails) => status === goal;
    try {
      return await Promise.race([
        waitForJob(federation.operator, id, isReached),
        working.then(() => Promise.reject(new Error('the sites stopped working'))),
      ]);
    } finally {
      done.abort();
      await working;
    }
  }
});
