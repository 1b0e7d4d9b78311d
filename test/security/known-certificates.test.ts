import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import { createCertificateRequest, derChainToPem } from '@fedvox/pki';
import { isRefusal } from '@fedvox/protocol';
import { dialCoordinator, type FederationClient } from '@fedvox/transport';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestConsortium,
  FEDERATION,
  issueFor,
  type TestConsortium,
} from '../support/consortium.js';
import { enrollAll, operatorOf, submitTinyJob, testConfig } from '../support/federation.js';
import type { ScriptedSite } from '../support/scripted-site.js';

/** From the operator's order to the last effect of whoever it shuts out. */
const REVOCATION_MS = 1_000;

/**
 * A certificate counts because the coordinator knows it, not because it is of the right root and has
 * not been revoked: over real TLS, with the consortium's own root key in the wrong hands.
 */
describe('a certificate', () => {
  let template: TestConsortium;
  let consortium: TestConsortium;
  let folder: string;
  let stateDir: string;
  let coordinator: RunningCoordinator;
  let operator: CoordinatorClient;
  let sites: ScriptedSite[];
  const clients: FederationClient[] = [];
  beforeAll(async () => {
    template = await createTestConsortium();
    return () => template.remove();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-known-'));
    await cp(template.folder, join(folder, 'consortium'), { recursive: true });
    consortium = { ...template, folder: join(folder, 'consortium') };
    stateDir = join(folder, 'state');
    await start();
    sites = await enrollAll(consortium, operator);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const site of sites) site.close();
    await stop();
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<void> {
    coordinator = await startCoordinator(testConfig(consortium, stateDir), {
      log: silentLogger(),
    });
    operator = operatorOf(consortium, coordinator.httpPort);
  }

  async function stop(): Promise<void> {
    operator.close();
    await coordinator.stop();
  }

  function siteWith(own: { keyPem: string; certificateChainPem: string }): FederationClient {
    const client = dialCoordinator({
      address: `localhost:${coordinator.federationPort}`,
      federation: FEDERATION,
      caPem: consortium.consortium.authority.certificatePem,
      own,
      onSent: () => undefined,
    });
    clients.push(client);
    return client;
  }

  const site = (name: string) => sites.find((each) => each.name === name) as ScriptedSite;
  /** The site's own credentials at the coordinator as it runs now. */
  const again = (name: string) => siteWith(site(name).credentials);
  const say = (client: FederationClient) => client.hello(['delta-f32']);
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => 'accepted',
      (error) => error.code as string,
    );

  it.each(['west', 'north'])(
    'of the root for site %s that nobody issued is refused',
    async (name) => {
      const made = siteWith(await issueFor(consortium, 'site', name));
      expect(await outcome(say(made))).toBe('refused/unknown-certificate');
      expect(await outcome(say(again('north')))).toBe('accepted');
    },
  );

  it('of the root for an operator that nobody issued is refused', async () => {
    const { keyPem, certificateChainPem } = await issueFor(consortium, 'operator', 'operator');
    const made = new CoordinatorClient({
      address: `localhost:${coordinator.httpPort}`,
      federation: FEDERATION,
      caPem: consortium.consortium.authority.certificatePem,
      certificatePem: certificateChainPem,
      keyPem,
    });
    expect(await outcome(made.sites())).toBe('refused/unknown-certificate');
    expect(await outcome(made.inviteSite('mallory'))).toBe('refused/unknown-certificate');
    made.close();
    expect(await operator.sites()).toHaveLength(3);
  });

  it('that was revoked stays so when an older backup of the state is restored', async () => {
    await stop();
    await cp(stateDir, join(folder, 'backup'), { recursive: true });
    await start();
    await operator.revokeSite('north');
    await stop();
    await rm(stateDir, { recursive: true });
    await cp(join(folder, 'backup'), stateDir, { recursive: true });
    await start();
    expect(await outcome(say(again('north')))).toBe('refused/revoked');
    expect(await outcome(say(again('south')))).toBe('accepted');
    expect(await operator.sites()).toContainEqual(
      expect.objectContaining({ site: 'north', revoked: true }),
    );
  });

  it('that is revoked loses its connection, its calls and its spool within a second', async () => {
    const job = await submitTinyJob(operator, folder, { rounds: 1, minSites: 2 });
    await Promise.all(sites.map((each) => each.workOnce()));
    const north = site('north');
    const task = await north.nextRoundTask();
    const update = north.sign(task);
    const position = await north.client.beginUpload(update.envelope);
    let sent = 0;
    const upload = north.client.upload(
      position,
      (async function* () {
        for (; sent < update.delta.byteLength; sent++) {
          yield update.delta.subarray(sent, sent + 1);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })(),
    );
    const end = outcome(upload).then((code) => ({ code, atMs: Date.now() }));
    const spool = join(stateDir, 'spool', 'north');
    while (sent < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await readdir(spool)).toHaveLength(1);

    const revokedAtMs = Date.now();
    await operator.revokeSite('north');
    const { code, atMs } = await end;
    expect(code).toBe('protocol/connection-lost');
    expect(atMs - revokedAtMs).toBeLessThan(REVOCATION_MS);
    expect(sent).toBeLessThan(20 + REVOCATION_MS / 20);
    expect(await readdir(spool).catch(() => [])).toEqual([]);
    expect(await outcome(say(north.client))).toBe('refused/revoked');
    expect((await operator.job(job)).status).toBe('running');
  });

  it('that is revoked has its long poll ended, and whoever holds another keeps theirs', async () => {
    const polls = ['north', 'south'].map((name) => site(name).client.nextTask('idle'));
    const [north, south] = polls.map(outcome) as [Promise<string>, Promise<string>];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const revokedAtMs = Date.now();
    await operator.revokeSite('north');
    expect(await north).toBe('protocol/connection-lost');
    expect(Date.now() - revokedAtMs).toBeLessThan(REVOCATION_MS);
    await submitTinyJob(operator, folder, { rounds: 1, minSites: 2 });
    expect(await south).toBe('accepted');
  });

  it('of an operator counts while the consortium’s folder holds it, and not after', async () => {
    const own = await issueFor(consortium, 'operator', 'anna');
    const file = join(consortium.folder, 'operators', 'anna.pem');
    await writeFile(file, own.certificateChainPem);
    const call = async () => {
      await stop();
      await start();
      const anna = new CoordinatorClient({
        address: `localhost:${coordinator.httpPort}`,
        federation: FEDERATION,
        caPem: consortium.consortium.authority.certificatePem,
        certificatePem: own.certificateChainPem,
        keyPem: own.keyPem,
      });
      return outcome(anna.sites()).finally(() => anna.close());
    };
    expect(await call()).toBe('accepted');
    await rm(file);
    expect(await call()).toBe('refused/unknown-certificate');
    expect(await operator.sites()).toHaveLength(3);
  });

  it('renewed while its name is revoked is revoked with it', async () => {
    const north = site('north');
    const request = await createCertificateRequest({
      keyPem: north.credentials.keyPem,
      name: 'north',
    });
    const renewals = Array.from({ length: 4 }, () => north.client.renewCertificate(request));
    const [, ...renewed] = await Promise.allSettled([operator.revokeSite('north'), ...renewals]);
    for (const each of renewed) {
      if (each.status === 'rejected') continue;
      const certificateChainPem = derChainToPem(each.value);
      const client = siteWith({ ...north.credentials, certificateChainPem });
      expect(await outcome(say(client))).toBe('refused/revoked');
    }
    expect(isRefusal(await say(north.client).catch((error) => error), 'revoked')).toBe(true);
  });

  it('is written down as revoked in a file of its own, for its owner only', async () => {
    await operator.revokeSite('north');
    const file = join(dirname(stateDir), 'consortium', 'revocations.jsonl');
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ site: 'north', why: 'revoked' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
