import { setTimeout as delay } from 'node:timers/promises';
import { refuse } from '@fedvox/protocol';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ServerEvent } from '../calls/call-context.js';
import type { EnrollmentHandlers } from '../calls/enrollment-service.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { describeCalls } from '../testing/call-contract.js';
import { describeCallers } from '../testing/caller-contract.js';
import { type Member, TestFederation } from '../testing/test-federation.js';
import { unanswered } from '../testing/unanswered.js';
import { SOCKETS } from '../wire.js';
import { enroll } from './enrollment-client.js';
import { createEnrollmentServer } from './enrollment-server.js';

describeCalls('gRPC', SOCKETS);
describeCallers('gRPC', SOCKETS);

let federation: TestFederation;
let alice: Member;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  federation = await TestFederation.create();
  alice = await federation.member();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function pair(handlers: Partial<FederationHandlers>) {
  const server = await federation.serve(handlers);
  const client = federation.dial(server, alice);
  cleanups.push(
    () => server.stop(0),
    () => client.close(),
  );
  return { server, client };
}

describe('a call', () => {
  it('made to a server that stops is cut off, even while its handshake is under way', async () => {
    const server = await federation.serve({});
    const clients = Array.from({ length: 8 }, () => federation.dial(server, alice));
    const calls = clients.map((client) => client.hello([]).catch((error) => error));
    await server.stop(0);
    await Promise.all(calls);
    for (const client of clients) client.close();
  });
});

describe('a connection', () => {
  it('outlives a silence of many keepalives, and a silent peer does not', async () => {
    const keepalive = { intervalMs: 50, timeoutMs: 3_000 };
    let connections = 0;
    const { nextTask, entered } = unanswered();
    const server = await federation.serve({ nextTask }, { keepalive });
    const relay = await federation.relay(server.port, () => connections++);
    const client = federation.dial(relay, alice, { keepalive });
    cleanups.push(
      () => server.stop(0),
      () => relay.stop(),
      () => client.close(),
    );
    await client.hello([]);
    await delay(1_000);
    await client.hello([]);
    expect(connections).toBe(1);

    const asking = client.nextTask('idle').catch((error) => error);
    await entered;
    relay.silence();
    expect((await asking).code).toBe('protocol/connection-lost');
  });
});

describe('enrolment', () => {
  async function enrollmentServer(handler: EnrollmentHandlers['enroll'], options: object = {}) {
    const events: ServerEvent[] = [];
    const server = await createEnrollmentServer(
      { enroll: handler },
      { ...federation.listen, onEvent: (event) => events.push(event), ...options },
    );
    cleanups.push(() => server.stop(0));
    const request = (options: object = {}) =>
      enroll({
        address: `localhost:${server.port}`,
        federation: 'north',
        caPem: federation.authority.certificatePem,
        token: 'fedvox-invite-x',
        certificateRequest: Buffer.from('csr'),
        onSent: () => undefined,
        ...options,
      });
    return { events, request, port: server.port };
  }

  it('needs no certificate, and brings one', async () => {
    const { request } = await enrollmentServer(async ({ token, certificateRequest }) => {
      expect([token, Buffer.from(certificateRequest).toString()]).toEqual([
        'fedvox-invite-x',
        'csr',
      ]);
      return [alice.certificate.der];
    });
    expect(await request()).toEqual([alice.certificate.der]);
  });

  it('sends the token to nobody but the coordinator that the invitation names', async () => {
    const handler = vi.fn(async () => []);
    const { request } = await enrollmentServer(handler);
    const stranger = await TestFederation.create();
    await expect(request({ caPem: stranger.authority.certificatePem })).rejects.toMatchObject({
      code: 'protocol/server-certificate-untrusted',
    });
    await expect(request({ federation: 'south' })).rejects.toMatchObject({
      code: 'protocol/server-not-coordinator',
    });
    expect(handler).not.toHaveBeenCalled();
  });

  it('is refused by name, and noted with the address it came from', async () => {
    const { request, events } = await enrollmentServer(async () => {
      throw refuse('token-used');
    });
    await expect(request()).rejects.toMatchObject({ code: 'refused/token-used' });
    expect(events).toMatchObject([
      { kind: 'call-refused', method: 'enroll', caller: expect.stringMatching(/:\d+$/) },
    ]);
  });

  it('at the address that is for enrolled sites says that this is the wrong one', async () => {
    const { request } = await enrollmentServer(async () => []);
    const { server } = await pair({});
    await expect(request({ address: `localhost:${server.port}` })).rejects.toMatchObject({
      code: 'protocol/own-certificate-missing',
      advice: expect.stringContaining('enrolment address'),
    });
  });
});
