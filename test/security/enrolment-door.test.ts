import { enroll } from '@fedvox/transport';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HalfMessages, type Staller, stallCalls } from '../support/attackers.js';
import { createTestConsortium, FEDERATION, type TestConsortium } from '../support/consortium.js';
import {
  startWatchedCoordinator,
  type WatchedCoordinator,
} from '../support/watched-coordinator.js';

const ENROLL = '/fedvox.v1.EnrollmentService/Enroll';
const MB = 1e6;
const KIB = 1024;
const MIB = 1024 * KIB;

/** What somebody may do to the enrolment port who has nothing but its address. */
describe('the enrolment door', () => {
  let consortium: TestConsortium;
  let coordinator: WatchedCoordinator;
  let staller: Staller | undefined;
  let idle: number;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    coordinator = await startWatchedCoordinator(consortium);
    idle = (await coordinator.vitals()).connections;
  }, 120_000);
  afterEach(async () => {
    staller?.leave();
    // So that what one test left behind is not taken for the next one's.
    await expect
      .poll(async () => (await coordinator.vitals()).connections, { timeout: 10_000 })
      .toBe(idle);
  });
  afterAll(async () => {
    await coordinator.stop();
    await consortium.remove();
  });

  const stall = (plan: HalfMessages) =>
    stallCalls(coordinator.ports.enrollmentPort, ENROLL, tls(), plan);
  const enrolWith = (token: string) =>
    enroll({
      address: `localhost:${coordinator.ports.enrollmentPort}`,
      federation: FEDERATION,
      caPem: tls().ca,
      token,
      certificateRequest: Buffer.from('none'),
      onSent: () => undefined,
    }).then(
      () => 'enrolled',
      ({ code }) => String(code),
    );
  const tls = () => ({ ca: consortium.consortium.authority.certificatePem });

  it.each([
    { connections: 4, calls: 32, announcedBytes: 4 * MIB, sentBytes: 4 * MIB - 1 },
    { connections: 100, calls: 32, announcedBytes: 32 * KIB, sentBytes: 32 * KIB - 1 },
  ])(
    'holds little for $connections connections with $calls half-sent messages each',
    async (plan) => {
      const before = await coordinator.vitals();
      staller = await stall(plan);
      const { rssBytes, connections } = await coordinator.vitals();
      expect(rssBytes - before.rssBytes).toBeLessThan(64 * MB);
      expect(connections - idle).toBeLessThanOrEqual(16);
    },
  );

  it('looks at twenty wrong tokens of an address, and at no more of two hundred', async () => {
    const before = { lines: coordinator.logLines(), ...(await coordinator.vitals()) };
    const codes = new Map<string, number>();
    for (let i = 0; i < 20; i++) {
      const tries = await Promise.all(
        Array.from({ length: 10 }, () => enrolWith('fedvox-invite-x')),
      );
      for (const code of tries) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual([
      'refused/token-invalid',
      'refused/too-many-attempts',
    ]);
    // Ten a minute come back meanwhile.
    expect(codes.get('refused/token-invalid')).toBeLessThan(35);
    expect(coordinator.logLines() - before.lines).toBeLessThan(100);
  }, 120_000);

  it('shows out whoever stays, in a minute at most, whatever it does', {
    timeout: 90_000,
  }, async () => {
    staller = await stall({ connections: 3, calls: 2, announcedBytes: 10_000, sentBytes: 1 });
    const held = async () => (await coordinator.vitals()).connections - idle;
    expect(await held()).toBe(3);
    await expect.poll(held, { timeout: 65_000, interval: 500 }).toBeLessThanOrEqual(0);
  });
});
