import { sha256 } from '@fedvox/base';
import type { RunningDesk } from '@fedvox/desk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../../packages/desk/src/testing/raw-call.js';
import { buildPages } from '../support/built-pages.js';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { deskOf, whileWorking } from '../support/dashboard-desk.js';
import {
  operatorOf,
  startTestFederation,
  type TestFederation,
  tinyJob,
  waitForJob,
} from '../support/federation.js';

let consortium: TestConsortium;
let federation: TestFederation;
let desk: RunningDesk;
let cookie: string;
let finished: string;
beforeAll(async () => {
  await buildPages();
  consortium = await createTestConsortium();
  federation = await startTestFederation(consortium);
  const { certificatePem } = consortium.consortium.operator;
  desk = await deskOf(federation.operator, certificatePem, federation.operatorAddress);
  cookie = await signIn(desk.link());
  finished = await federation.submit({ rounds: 2, minSites: 3 });
  await whileWorking(federation, () =>
    waitForJob(federation.operator, finished, ({ status }) => status === 'completed'),
  );
});
afterAll(async () => {
  await desk.close();
  await federation.stop();
  await consortium.remove();
});

const get = (path: string, at = desk) => fetch(`${at.origin}${path}`, { headers: { cookie } });
const told = async <T = unknown>(path: string) => (await (await get(path)).json()) as T;
const post = (path: string, body: unknown = {}) =>
  fetch(`${desk.origin}${path}`, {
    method: 'POST',
    headers: { cookie, origin: desk.origin, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('a page is told', () => {
  it('who looks, by the certificate, and what refusals mean', async () => {
    type Told = { readonly refusals: Record<string, { readonly message: string }> };
    const self = await told<Told>('/api/self');
    expect(self).toMatchObject({
      name: 'operator',
      role: 'operator',
      federation: 'testfed',
      coordinator: federation.operatorAddress,
      metrics: [
        { name: 'dice', title: 'Dice', range: [0, 1] },
        { name: 'auc', title: 'AUC', range: [0, 1] },
      ],
    });
    expect(self.refusals['wrong-site']?.message).not.toMatch(/[{}]/);
  });

  it('of each job how many answered, its deadline and its best figure, newest first', async () => {
    const running = await federation.submit({ rounds: 4, minSites: 3 });
    for (const site of federation.sites.slice(0, 2)) await site.workOnce();
    const rows = await told<readonly { readonly id: string }[]>('/api/jobs');
    expect(rows.map(({ id }) => id)).toEqual([running, finished]);
    const { deadlineAtMs } = (await federation.operator.job(running)).current ?? {};
    expect(rows[0]).toMatchObject({
      status: 'running',
      current: { kind: 'check-data', phase: 'open', answered: 2, asked: 3, deadlineAtMs },
      best: null,
    });
    const { best, rounds } = await federation.operator.job(finished);
    const value = rounds.find(({ round }) => round === best?.round)?.dice;
    expect(value).toBeGreaterThan(0);
    expect(rows[1]).toMatchObject({ current: null, best: { round: 2, metric: 'dice', value } });
    expect(await told('/api/jobs')).toEqual(rows);
    await federation.operator.abortJob(running);
  });

  it('a job from a model on, its events from an event on, and updates without their envelopes', async () => {
    const whole = await federation.operator.job(finished);
    expect(await told(`/api/jobs/${finished}`)).toEqual(whole);
    expect(await told(`/api/jobs/${finished}?from=2`)).toEqual({
      ...whole,
      rounds: whole.rounds.slice(2),
    });
    expect(await told(`/api/jobs/${finished}/models?from=1`)).toEqual({
      rounds: whole.rounds.slice(1),
      nextRound: null,
    });
    const events = await federation.operator.events(0, 0, undefined, finished);
    expect(await told(`/api/jobs/${finished}/events?after=0`)).toEqual(events);
    const last = events.at(-1)?.sequence ?? 0;
    expect(await told(`/api/jobs/${finished}/events?after=${last}`)).toEqual([]);
    const updates = await told<readonly { readonly site: string }[]>(
      `/api/jobs/${finished}/updates?round=1`,
    );
    expect(updates.map(({ site }) => site)).toEqual(['east', 'north', 'south']);
    expect(updates[0]).not.toHaveProperty('statement');
    expect(updates[0]).not.toHaveProperty('receipt');
  });

  it('where events end, the latest ones backwards, and the next one as soon as it happens', async () => {
    const all = await federation.operator.events(0);
    const { sequence } = await told<{ readonly sequence: number }>('/api/events/end');
    expect(sequence).toBe(all.at(-1)?.sequence);
    expect(await told('/api/facts?limit=3')).toEqual(all.slice(-3));
    expect(await told(`/api/facts?limit=3&before=${all[5]?.sequence}`)).toEqual(all.slice(2, 5));
    expect(await told(`/api/facts?before=${all[0]?.sequence}`)).toEqual([]);
    const next = told(`/api/events?after=${sequence}`);
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    expect(await next).toMatchObject([{ jobId: id, fact: { kind: 'job-submitted' } }]);
    await federation.operator.abortJob(id);
  });

  it('a model whole, under its digest', async () => {
    const { rounds } = await federation.operator.job(finished);
    const response = await get(`/api/jobs/${finished}/model?round=1`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(sha256(bytes)).toBe(rounds[1]?.modelSha256);
    const none = await get(`/api/jobs/${finished}/model?round=9`);
    expect(await none.json()).toMatchObject({ code: 'coordinator/no-model-of-round' });
  });
});

describe('a page can ask for', () => {
  it('nothing that is in no route, however much an operator may', async () => {
    for (const path of [
      '/v1/jobs',
      '/api/operators',
      '/api/blobs/00',
      '/api/metrics',
      '/metrics',
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
  });

  it('nothing with values that cannot be; each is named', async () => {
    for (const [path, field] of [
      [`/api/jobs/${finished}?from=-1`, 'from'],
      [`/api/jobs/${finished}?all=1`, 'Unrecognized'],
      ['/api/facts?limit=100000', 'limit'],
      ['/api/events?after=now', 'after'],
      [`/api/jobs/${finished}/updates`, 'round'],
    ] as const) {
      const answer = await get(path);
      expect(answer.status).toBe(422);
      const { code, message } = (await answer.json()) as { code: string; message: string };
      expect([code, message]).toEqual([
        'dashboard/request-invalid',
        expect.stringContaining(field),
      ]);
    }
    for (const [path, body] of [
      ['/api/sites', { site: '../north' }],
      ['/api/sites', { site: 'west', role: 'operator' }],
      [`/api/jobs/${finished}/release`, { round: '1', site: 'north' }],
      ['/api/submissions', { job: {} }],
    ] as const) {
      expect(await (await post(path, body)).json()).toMatchObject({
        code: 'dashboard/request-invalid',
      });
    }
  });

  it('a job to be looked at, and then submitted with a first model of its own', async () => {
    const text = JSON.stringify(tinyJob({ rounds: 3, minSites: 3 }));
    const preview = await (await post('/api/submissions/check', { text })).json();
    expect(preview).toMatchObject({ name: 'tiny', rounds: 3, minSites: 3, bestBy: 'Dice' });
    const lonely = JSON.stringify(tinyJob({ minSites: 1 }));
    const before = await federation.operator.jobs();
    const refused = await post('/api/submissions/check', { text: lonely });
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { message: expect.stringContaining('minSites') },
    ]);
    expect((await post('/api/submissions', { text: 'name: [' })).status).toBe(422);
    expect(await federation.operator.jobs()).toEqual(before);
    const { id } = (await (await post('/api/submissions', { text })).json()) as { id: string };
    const job = await federation.operator.job(id);
    expect(job).toMatchObject({ name: 'tiny', status: 'running' });
    expect(job.rounds[0]?.modelSha256).toMatch(/^[0-9a-f]{64}$/);
    await federation.operator.abortJob(id);
  });
});

it('a coordinator that is away is told as away, by its code', async () => {
  const nobody = operatorOf(consortium, 1);
  const { certificatePem } = consortium.consortium.operator;
  const lonely = await deskOf(nobody, certificatePem, 'localhost:1');
  const signedIn = await signIn(lonely.link());
  for (const path of ['/api/jobs', '/api/sites', '/api/events/end', '/api/events?after=0']) {
    const answer = await fetch(`${lonely.origin}${path}`, { headers: { cookie: signedIn } });
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { code: 'coordinator/coordinator-unreachable' },
    ]);
  }
  await lonely.close();
  nobody.close();
});
