import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { type Logger, silentLogger, systemClock } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import {
  initConsortium,
  loadConsortium,
  loadOperator,
  type MemberFiles,
  renewConsortium,
} from '@fedvox/pki';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, FEDERATION, type TestConsortium } from '../support/consortium.js';
import { testConfig } from '../support/federation.js';
import { httpsGet } from '../support/https-get.js';
import { enrollScriptedSite } from '../support/scripted-site.js';

const DAY_MS = 86_400_000;

/** The consortium's own certificates, from the first warning to the day after their end. */
describe('a consortium whose certificates', () => {
  let template: TestConsortium;
  let root: string;
  let folder: string;
  let consortium: TestConsortium;
  const running: RunningCoordinator[] = [];
  const clients: CoordinatorClient[] = [];
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'fedvox-terms-'));
    template = await createTestConsortium();
    await initConsortium({
      folder: join(root, 'ending'),
      federation: FEDERATION,
      hosts: ['localhost'],
      nowMs: Date.now() - 100 * DAY_MS,
      memberDays: 130,
      authorityDays: 200,
    });
    // Nine keys are made.
  }, 180_000);
  afterAll(async () => {
    await template.remove();
    await rm(root, { recursive: true });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'run-'));
    await use(join(root, 'ending'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const coordinator of running.splice(0)) await coordinator.stop();
  });

  async function use(source: string): Promise<void> {
    const copy = join(folder, 'consortium');
    await cp(source, copy, { recursive: true });
    await cp(`${source}-operator`, `${copy}-operator`, { recursive: true });
    const made = { ...(await loadConsortium(copy)), operator: await ownFiles() };
    consortium = { ...template, folder: copy, consortium: made };
  }

  /** Of the operator, without the root. */
  async function ownFiles(): Promise<MemberFiles> {
    const { certificatePem, keyPem } = await loadOperator(join(folder, 'consortium-operator'));
    return { certificatePem, keyPem };
  }

  async function start(surroundings: { clock?: Clock; log?: Logger } = {}) {
    const config = testConfig(consortium, join(folder, 'state'));
    const coordinator = await startCoordinator(config, { log: silentLogger(), ...surroundings });
    running.push(coordinator);
    return coordinator;
  }

  function operatorWith({ httpPort }: RunningCoordinator, own: MemberFiles): CoordinatorClient {
    const { certificatePem: caPem } = consortium.consortium.authority;
    const address = `localhost:${httpPort}`;
    const client = new CoordinatorClient({ address, federation: FEDERATION, caPem, ...own });
    clients.push(client);
    return client;
  }

  const inDays = (days: number): Clock => ({
    ...systemClock,
    nowMs: () => Date.now() + days * DAY_MS,
  });

  it('end within weeks says so in its log, its health and its metrics', async () => {
    const warnings: string[] = [];
    const log = Object.assign(silentLogger(), {
      warn: (first: unknown, text?: string) => warnings.push(text ?? String(first)),
    });
    const { httpPort } = await start({ log });
    const expected = [
      expect.stringMatching(/^the root’s certificate ends on .*, in 99 days: found a new/),
      expect.stringMatching(/^the coordinator’s certificate ends on .*, in 29 days: run "fedvox/),
      expect.stringMatching(
        /^the certificate of operator operator ends on .*, in 29 days: it is renewed by any/,
      ),
    ];
    expect(warnings).toEqual(expected);
    const get = (path: string) => httpsGet(consortium, httpPort, path);
    expect(JSON.parse(await get('/healthz'))).toMatchObject({ status: 'ok', warnings: expected });
    expect(await get('/metrics')).toMatch(
      /fedvox_certificate_end_timestamp_seconds{certificate="coordinator"} \d{10}/,
    );
  });

  it('end in years says nothing', async () => {
    await rm(join(folder, 'consortium'), { recursive: true });
    await use(template.folder);
    const { httpPort } = await start();
    const health = JSON.parse(await httpsGet(consortium, httpPort, '/healthz'));
    expect(health).toMatchObject({ status: 'ok', warnings: [] });
  });

  it('have ended is not started, and is told when they ended and what mends it', async () => {
    await expect(start({ clock: inDays(31) })).rejects.toMatchObject({
      code: 'coordinator/certificate-out-of-term',
      message: expect.stringMatching(/counts from .* to \d{4}-.*; this host's clock says \d{4}-/),
      advice: expect.stringContaining(`fedvox consortium renew --dir ${consortium.folder}`),
    });
    await expect(start({ clock: inDays(-101) })).rejects.toMatchObject({
      code: 'coordinator/certificate-out-of-term',
    });
    await expect(start({ clock: inDays(101) })).rejects.toMatchObject({
      code: 'pki/authority-expired',
    });
  });

  it('are renewed goes on with the sites and the operator that it had', async () => {
    const before = consortium.consortium.operator;
    const first = await start();
    const site = await enrollScriptedSite(consortium, operatorWith(first, before), 'north');
    await first.stop();
    running.splice(0);
    await renewConsortium({ folder: consortium.folder, nowMs: Date.now() });
    const second = await start();
    for (const own of [before, await ownFiles()]) {
      expect(await operatorWith(second, own).sites()).toMatchObject([{ site: 'north' }]);
    }
    const north = site.dial(`localhost:${second.federationPort}`);
    expect((await north.hello(['delta-f32'])).federation).toBe(FEDERATION);
    north.close();
    site.close();
  });

  it('get a new operator’s key shuts the old one out', async () => {
    const stolen = consortium.consortium.operator;
    const first = await start();
    await operatorWith(first, stolen).sites();
    await first.stop();
    running.splice(0);
    const nowMs = Date.now();
    await renewConsortium({ folder: consortium.folder, newOperatorKey: true, nowMs });
    const second = await start();
    await expect(operatorWith(second, stolen).sites()).rejects.toMatchObject({
      code: 'refused/unknown-certificate',
    });
    expect(await operatorWith(second, await ownFiles()).sites()).toEqual([]);
  });
});
