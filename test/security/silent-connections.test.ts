import type { KeyPair } from '@fedvox/pki';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SilentCrowd, silentCrowd } from '../support/attackers.js';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { operatorOf, type Ports } from '../support/federation.js';
import { certificateFor, enrollScriptedSite, type ScriptedSite } from '../support/scripted-site.js';
import {
  startWatchedCoordinator,
  type WatchedCoordinator,
} from '../support/watched-coordinator.js';

const CROWD = 5_000;
/** Within it a handshake is over, or its connection is. */
const HANDSHAKE_MS = 10_000;

/** Connections that cost their maker nothing must cost the consortium no more than some memory. */
describe('five thousand silent connections from one address', () => {
  let consortium: TestConsortium;
  let coordinator: WatchedCoordinator;
  let north: ScriptedSite;
  let crowd: SilentCrowd | undefined;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    coordinator = await startWatchedCoordinator(consortium);
    north = await enrollScriptedSite(consortium, coordinator.operator, 'north');
  }, 120_000);
  afterAll(async () => {
    crowd?.leave();
    north.close();
    await coordinator.stop();
    await consortium.remove();
  });

  /** One who belongs comes through each door, by a connection of its own. */
  const doors: readonly { port: keyof Ports; what: string; prepare: () => Promise<Knock> }[] = [
    { port: 'federationPort', what: 'an enrolled site', prepare: siteThatCalls },
    { port: 'enrollmentPort', what: 'a site that enrols', prepare: siteThatEnrols },
    { port: 'httpPort', what: 'the operator', prepare: operatorThatAsks },
  ];

  it.each(doors)(
    'on $port leave $what to be answered within a second',
    { timeout: 90_000 },
    async ({ port, prepare }) => {
      const knock = await prepare();
      crowd = await silentCrowd(coordinator.ports[port], CROWD);
      const startedAtMs = performance.now();
      await knock();
      const tookMs = performance.now() - startedAtMs;
      expect(tookMs).toBeLessThan(1_000);
      await vi.waitFor(() => expect(crowd?.held()).toBe(0), HANDSHAKE_MS * 3);
    },
  );

  async function siteThatCalls(): Promise<Knock> {
    const client = north.dial();
    return () => client.hello(['delta-f32']).finally(() => client.close());
  }

  async function siteThatEnrols(): Promise<Knock> {
    const invitation = await coordinator.operator.inviteSite('east');
    const { privateKeyPem } = consortium.siteKeys.get('east') as KeyPair;
    return () => certificateFor(invitation, privateKeyPem);
  }

  async function operatorThatAsks(): Promise<Knock> {
    const operator = operatorOf(consortium, coordinator.ports.httpPort);
    return () => operator.jobs().finally(() => operator.close());
  }
});

/** Makes a connection and is answered on it. */
type Knock = () => Promise<unknown>;
