import { createKeyPair } from '@fedvox/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  INITIAL_WEIGHTS,
  startTestFederation,
  type TestFederation,
  waitForJob,
} from '../support/federation.js';
import { enrollScriptedSite, type ScriptedSite } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';

/** Over the real wire: sites that come late, are away, or cannot work for a while. */
describe('a consortium whose sites are not there all at once', () => {
  let consortium: TestConsortium;
  let federation: TestFederation;
  const working: Promise<void>[] = [];
  let done: AbortController;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    return () => consortium.remove();
  });
  beforeEach(async () => {
    federation = await startTestFederation(consortium);
    done = new AbortController();
  });
  afterEach(async () => {
    done.abort();
    await Promise.all(working.splice(0));
    await federation.stop();
  });

  const work = (...sites: ScriptedSite[]) => {
    for (const site of sites) working.push(site.work(done.signal));
  };
  const completed = (id: string) =>
    waitForJob(federation.operator, id, ({ status }) => status === 'completed');
  const weighted = (...sites: string[]) =>
    sites.map((site) => ({ site, weight: { east: 3, north: 17, south: 1, west: 1 }[site] ?? 1 }));
  const gateOf = async (id: string, name: string) =>
    (await federation.operator.job(id)).gate.find(({ site }) => site === name);

  it('begins without the one that was away at the gate, and has it from the next round on', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 2, gate: '1s' });
    const [north, south, east] = ['north', 'south', 'east'].map((name) => federation.site(name));
    await north!.workOnce();
    await south!.workOnce();
    await waitForJob(federation.operator, id, ({ current }) => current?.round === 1);
    expect(await gateOf(id, 'east')).toMatchObject({ outcome: null, standing: 'asked' });
    await east!.workOnce();
    expect(await gateOf(id, 'east')).toMatchObject({ standing: 'joins-next-round' });
    work(north!, south!, east!);
    const job = await completed(id);
    const first = expectedModel(INITIAL_WEIGHTS, 1, weighted('north', 'south'));
    const second = expectedModel(first, 2, weighted('east', 'north', 'south'));
    expect(job.rounds.at(-1)?.modelSha256).toBe(digestOf(second));
  });

  it('takes in one that enrols while the job runs', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 2 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const withWest = { ...consortium, siteKeys: new Map([['west', await createKeyPair()]]) };
    const west = await enrollScriptedSite(withWest, federation.operator, 'west');
    expect(await gateOf(id, 'west')).toMatchObject({ standing: 'asked' });
    await west.workOnce();
    work(...federation.sites, west);
    const job = await completed(id);
    const first = expectedModel(INITIAL_WEIGHTS, 1, weighted('east', 'north', 'south'));
    const all = weighted('east', 'north', 'south', 'west');
    expect(job.rounds.at(-1)?.modelSha256).toBe(digestOf(expectedModel(first, 2, all)));
    west.close();
  });

  it('asks one again whose disk was full, at the gate and in a round that does not wait for it', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 2 });
    const [north, south, east] = ['north', 'south', 'east'].map((name) => federation.site(name));
    const full = { job: id, outcome: 'no-disk-space', figures: null } as const;
    await east!.client.reportGate(full);
    expect(await gateOf(id, 'east')).toMatchObject({
      outcome: 'no-disk-space',
      standing: 'asked-again',
      askAgainAtMs: expect.any(Number),
    });
    await east!.workOnce();
    expect(await gateOf(id, 'east')).toMatchObject({ outcome: 'pass' });
    await north!.workOnce();
    await south!.workOnce();
    await waitForJob(federation.operator, id, ({ current }) => current?.round === 1);
    await east!.client.decline({ job: id, round: 1, reason: 'no-disk-space' });
    const { current } = await federation.operator.job(id);
    expect(current?.sites.find(({ site }) => site === 'east')).toMatchObject({
      answer: 'declined',
      reason: 'no-disk-space',
    });
    await north!.workOnce();
    await south!.workOnce();
    await waitForJob(federation.operator, id, ({ current }) => current?.round === 2);
    work(north!, south!, east!);
    const job = await completed(id);
    const first = expectedModel(INITIAL_WEIGHTS, 1, weighted('north', 'south'));
    const second = expectedModel(first, 2, weighted('east', 'north', 'south'));
    expect(job.rounds.at(-1)?.modelSha256).toBe(digestOf(second));
  });

  it('runs a second job beside the first, though its gate opens while the sites are at work', async () => {
    const first = await federation.submit({ rounds: 2, minSites: 3 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const second = await federation.submit({ rounds: 1, minSites: 3, gate: '500ms' });
    const beat = { job: first, round: 1, state: 'training' } as const;
    await Promise.all(federation.sites.map(({ client }) => client.heartbeat(beat)));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await federation.operator.job(second)).toMatchObject({ status: 'running' });
    work(...federation.sites);
    await Promise.all([completed(first), completed(second)]);
  });

  it('closes a round when its grace is over, and waits for nobody who is silent for three', async () => {
    const id = await federation.submit({ rounds: 5, minSites: 2, grace: '300ms' });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    work(federation.site('north'), federation.site('south'));
    const job = await completed(id);
    expect(job.rounds).toHaveLength(6);
    expect(job.gate.find(({ site }) => site === 'east')).toMatchObject({ standing: 'not-awaited' });
  });
});
