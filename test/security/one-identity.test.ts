import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { type Logger, silentLogger, systemClock } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { KeyPair } from '@fedvox/pki';
import { dialCoordinator, type FederationClient } from '@fedvox/transport';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestConsortium,
  FEDERATION,
  type SITES,
  type TestConsortium,
} from '../support/consortium.js';
import { operatorOf, testConfig } from '../support/federation.js';
import { httpsGet } from '../support/https-get.js';
import { certificateFor } from '../support/scripted-site.js';

/** Longer than a dropped line is given to fall silent. */
const LATER_MS = 11_000;

/** One name, one key, one agent: over real TLS, with a clock that the test moves. */
describe('a site’s identity', () => {
  let template: TestConsortium;
  let consortium: TestConsortium;
  let folder: string;
  let coordinator: RunningCoordinator;
  let operator: CoordinatorClient;
  let aheadMs: number;
  const logged: string[] = [];
  const clients: FederationClient[] = [];
  beforeAll(async () => {
    template = await createTestConsortium();
    return () => template.remove();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-identity-'));
    await cp(template.folder, join(folder, 'consortium'), { recursive: true });
    consortium = { ...template, folder: join(folder, 'consortium') };
    aheadMs = 0;
    const clock: Clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
    const log = Object.assign(silentLogger(), {
      error: (_: unknown, text: string) => logged.push(text),
    }) as Logger;
    const config = testConfig(consortium, join(folder, 'state'));
    coordinator = await startCoordinator(config, { clock, log });
    operator = operatorOf(consortium, coordinator.httpPort);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    logged.splice(0);
    operator.close();
    await coordinator.stop();
    await rm(folder, { recursive: true });
  });

  const keyOf = (name: (typeof SITES)[number]) =>
    (consortium.siteKeys.get(name) as KeyPair).privateKeyPem;
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => 'accepted',
      (error) => error.code as string,
    );

  async function enrol(name: string, keyPem: string, replace = false) {
    const invitation = await operator.inviteSite(name, replace);
    return { keyPem, certificateChainPem: await certificateFor(invitation, keyPem) };
  }

  function dial(own: { keyPem: string; certificateChainPem: string }): FederationClient {
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

  const say = (client: FederationClient) => outcome(client.hello(['delta-f32']));
  const beat = (client: FederationClient) =>
    outcome(client.heartbeat({ job: 'tiny-0', round: 1, state: 'training' }));

  it('is given out by the newest invitation of its name and by none before', async () => {
    const first = await operator.inviteSite('north');
    const second = await operator.inviteSite('north');
    expect(await outcome(certificateFor(first, keyOf('north')))).toBe('refused/token-replaced');
    expect(await outcome(certificateFor(second, keyOf('north')))).toBe('accepted');
    expect(await outcome(certificateFor(first, keyOf('south')))).toBe('refused/token-replaced');
    expect(await operator.sites()).toHaveLength(1);
  });

  it('is given out anew only to replace the old one, which ends as the new one enrols', async () => {
    const old = await enrol('north', keyOf('north'));
    const client = dial(old);
    expect(await say(client)).toBe('accepted');
    expect(await outcome(operator.inviteSite('north'))).toBe('coordinator/site-enrolled');
    const invitation = await operator.inviteSite('north', true);
    expect(await say(client)).toBe('accepted');
    const poll = outcome(client.nextTask('idle'));
    const keyPem = keyOf('south');
    const next = { keyPem, certificateChainPem: await certificateFor(invitation, keyPem) };
    expect(await poll).toBe('protocol/connection-lost');
    expect(await say(dial(old))).toBe('refused/revoked');
    expect(await say(dial(next))).toBe('accepted');
    expect(await operator.sites()).toMatchObject([{ site: 'north', revoked: false }]);
  });

  it('has a key that no other name gets a certificate for', async () => {
    await enrol('north', keyOf('north'));
    expect(await outcome(enrol('south', keyOf('north')))).toBe('refused/key-in-use');
    const operators = consortium.consortium.operator.keyPem;
    expect(await outcome(enrol('south', operators))).toBe('refused/key-in-use');
    expect(await outcome(enrol('south', keyOf('south')))).toBe('accepted');
    expect(await operator.sites()).toHaveLength(2);
  });

  it('that two agents present is noticed, and told to the operator and to both', async () => {
    const own = await enrol('north', keyOf('north'));
    const [here, copy] = [dial(own), dial(own)];
    for (const client of [here, copy]) expect(await say(client)).toBe('accepted');
    const outcomes: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      for (const client of [here, copy]) {
        aheadMs += LATER_MS;
        outcomes.push(await beat(client));
      }
    }
    expect(outcomes.filter((each) => each === 'refused/identity-shared')).toHaveLength(2);
    expect(outcomes.filter((each) => each === 'accepted')).toHaveLength(6);
    expect((await operator.sites())[0]?.sharedAtMs).toBeGreaterThan(Date.now());
    expect(await httpsGet(consortium, coordinator.httpPort, '/metrics')).toContain(
      'fedvox_identities_shared_total 1',
    );
    expect(logged).toEqual([expect.stringContaining('two agents speak as one site')]);
  });

  it('that one agent presents again and again, over lines that break, is one', async () => {
    const own = await enrol('north', keyOf('north'));
    for (let line = 0; line < 12; line++) {
      const client = dial(own);
      expect(await say(client)).toBe('accepted');
      aheadMs += LATER_MS;
      expect(await beat(client)).toBe('accepted');
      // Every other line stays open, as one does that a firewall has forgotten.
      if (line % 2 === 0) client.close();
    }
    expect(await operator.sites()).toMatchObject([{ site: 'north', sharedAtMs: null }]);
  });
});
