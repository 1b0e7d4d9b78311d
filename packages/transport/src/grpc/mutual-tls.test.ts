import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { VirtualClock } from '@fedvox/base';
import { refuse } from '@fedvox/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ServerEvent } from '../calls/call-context.js';
import { type Member, TestFederation } from '../testing/test-federation.js';
import type { DialOptions } from './dial.js';
import type { FederationServerOptions } from './federation-server.js';

let north: TestFederation;
let elsewhere: TestFederation;
let alice: Member;

beforeAll(async () => {
  [north, elsewhere] = await Promise.all([TestFederation.create(), TestFederation.create()]);
  alice = await north.member();
});

const nobody = undefined as unknown as Member;
const codesOf = (events: readonly ServerEvent[]) =>
  events.map(({ error }) => (error as { code?: string }).code ?? String(error));

/** A site says hello to a coordinator of its own: what it is told, and what the coordinator notes. */
async function hello(
  site: Member,
  { dial, serve }: { dial?: Partial<DialOptions>; serve?: Partial<FederationServerOptions> } = {},
) {
  const server = await north.serve({}, serve);
  const client = north.dial(server, site, dial);
  const told = await client.hello([]).then(
    () => 'welcome',
    (error) => error.code,
  );
  // What the server notes of a handshake comes when its socket is closed, not when the client's is.
  if (told !== 'welcome') await expect.poll(() => server.events).not.toEqual([]);
  client.close();
  await server.stop(0);
  return { told, noted: codesOf(server.events)[0] ?? 'nothing' };
}

describe('a site', () => {
  it('is welcomed with its certificate, and learns the coordinator’s', async () => {
    const server = await north.serve({});
    const client = north.dial(server, alice);
    expect(client.coordinator).toBeUndefined();
    expect(await client.hello(['delta-f32', 'network-unet'])).toEqual({
      protocolVersion: 1,
      federation: 'north',
      capabilities: ['delta-f32', 'network-unet'],
      heartbeatIntervalMs: 1_000,
      maxChunkBytes: 1024,
    });
    expect(client.coordinator?.fingerprint).toBe(north.coordinator.certificate.fingerprint);
    client.close();
    await server.stop();
    expect(server.events).toEqual([]);
  });

  it.each([
    {
      who: 'without a certificate',
      site: async () => nobody,
      told: 'protocol/own-certificate-missing',
      noted: 'protocol/client-certificate-missing',
    },
    {
      who: 'with a certificate of another authority',
      site: () => elsewhere.member(),
      told: 'protocol/own-certificate-foreign',
      noted: 'protocol/client-certificate-untrusted',
    },
    {
      who: 'with an expired certificate',
      site: () => north.member({ shiftDays: -60 }),
      told: 'protocol/own-certificate-expired',
      noted: 'protocol/client-certificate-expired',
    },
    {
      who: 'with a certificate of the future',
      site: () => north.member({ shiftDays: 60 }),
      told: 'protocol/own-certificate-expired',
      noted: 'protocol/client-certificate-expired',
    },
    {
      who: 'with an operator’s certificate',
      site: () => north.member({ role: 'operator' }),
      told: 'refused/wrong-role',
      noted: 'refused/wrong-role',
    },
    {
      who: 'with a coordinator’s certificate',
      site: () => north.member({ role: 'coordinator' }),
      told: 'refused/wrong-role',
      noted: 'refused/wrong-role',
    },
    {
      who: 'of another federation under the same root',
      site: () => north.member({ federation: 'south' }),
      told: 'refused/unauthenticated',
      noted: 'refused/unauthenticated',
    },
  ])('$who is refused by name on both sides', async ({ site, told, noted }) => {
    expect(await hello(await site())).toEqual({ told, noted });
  });

  it('that is turned away in the handshake hears not one byte of HTTP/2', async () => {
    const server = await north.serve({});
    const ca = north.authority.certificatePem;
    const strangers = [elsewhere.member(), north.member({ shiftDays: -60 })];
    for (const own of [undefined, ...(await Promise.all(strangers))]) {
      const credentials = own && { key: own.keyPem, cert: own.certificateChainPem };
      const address = { host: 'localhost', port: server.port, ALPNProtocols: ['h2'] };
      const socket = connectTls({ ...address, ca, ...credentials });
      socket.on('error', () => socket.destroy());
      await once(socket, 'secureConnect');
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      const heard: Buffer[] = [];
      socket.on('data', (bytes: Buffer) => heard.push(bytes));
      await once(socket, 'close');
      expect(Buffer.concat(heard)).toHaveLength(0);
    }
    expect(server.events).toHaveLength(3);
    await server.stop();
  });

  it('is judged again on every call, so that a revocation counts at once', async () => {
    let isRevoked = false;
    const authorize = () => {
      if (isRevoked) throw refuse('revoked', { name: 'alice' });
    };
    const server = await north.serve({}, { authorize });
    const client = north.dial(server, alice);
    await client.hello([]);
    isRevoked = true;
    await expect(client.nextTask('idle')).rejects.toMatchObject({
      code: 'refused/revoked',
      message: 'the certificate of alice was revoked',
      advice: expect.stringContaining('operator'),
    });
    client.close();
    await server.stop();
  });
});

describe('a connection that outlives its certificate', () => {
  it('carries no further call, although its handshake was good', async () => {
    const clock = new VirtualClock({ startMs: Date.now() });
    const server = await north.serve({}, { clock });
    const fleeting = await north.member();
    const client = north.dial(server, fleeting);
    await client.hello([]);
    clock.leap(fleeting.certificate.notAfterMs - clock.nowMs() - 1);
    await client.hello([]);
    clock.leap(1);
    await expect(client.hello([])).rejects.toMatchObject({ code: 'refused/unauthenticated' });
    client.close();
    await server.stop(0);
  });
});

describe('the coordinator’s log', () => {
  it('says from where and for whom a refused certificate was', async () => {
    const server = await north.serve({});
    const past = await north.member({ name: 'bob', shiftDays: -60 });
    const client = north.dial(server, past);
    await expect(client.hello([])).rejects.toThrow();
    client.close();
    await expect.poll(() => server.events).not.toEqual([]);
    await server.stop(0);
    expect((server.events[0]!.error as Error).message).toMatch(
      /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) showed .* for "bob of north", and was turned away$/,
    );
  });
});

describe('a server', () => {
  it('of another authority is not spoken to', async () => {
    const caPem = elsewhere.authority.certificatePem;
    expect(await hello(alice, { dial: { caPem } })).toEqual({
      told: 'protocol/server-certificate-untrusted',
      noted: 'protocol/client-tls-failed',
    });
  });

  it.each([
    {
      what: 'whose certificate is for another host',
      terms: { role: 'coordinator', hosts: ['fed.example.org'] } as const,
      told: 'protocol/server-name-mismatch',
    },
    {
      what: 'whose certificate has expired',
      terms: { role: 'coordinator', hosts: ['localhost'], shiftDays: -60 } as const,
      told: 'protocol/server-certificate-expired',
    },
    {
      what: 'that coordinates another federation',
      terms: { role: 'coordinator', hosts: ['localhost'], federation: 'south' } as const,
      told: 'protocol/server-not-coordinator',
    },
    {
      what: 'that is only a site',
      terms: { role: 'site', hosts: ['localhost'] } as const,
      told: 'protocol/server-certificate-untrusted',
    },
  ])('$what is not spoken to', async ({ terms, told }) => {
    const { keyPem, certificateChainPem } = await north.member(terms);
    const impostor = await north.serve({}, { keyPem, certificateChainPem });
    const client = north.dial(impostor, alice);
    await expect(client.hello([])).rejects.toMatchObject({ code: told });
    client.close();
    await impostor.stop(0);
    expect(codesOf(impostor.events).filter((code) => code.startsWith('refused/'))).toEqual([]);
  });

  it('that is not there is named, with its address', async () => {
    const gone = await north.serve({});
    await gone.stop(0);
    const client = north.dial(gone, alice);
    await expect(client.hello([])).rejects.toMatchObject({
      code: 'protocol/coordinator-unreachable',
      message: expect.stringContaining(`localhost:${gone.port}`),
    });
    client.close();
  });

  it('speaks TLS 1.3 only, and survives what is not TLS', async () => {
    const server = await north.serve({});
    const { keyPem: key, certificateChainPem: cert } = alice;
    const ca = north.authority.certificatePem;
    const address = { host: 'localhost', port: server.port };
    const old = connectTls({ ...address, ca, key, cert, maxVersion: 'TLSv1.2' });
    await once(old, 'error');
    const plain = connect(address, () => plain.write('GET / HTTP/1.1\r\n\r\n'));
    plain.resume();
    await once(plain, 'close');
    await expect.poll(() => server.events).toHaveLength(2);
    expect(new Set(codesOf(server.events))).toEqual(new Set(['protocol/client-tls-failed']));
    const client = north.dial(server, alice);
    expect((await client.hello([])).federation).toBe('north');
    client.close();
    await server.stop();
  });

  it('says why it cannot listen', async () => {
    const server = await north.serve({});
    await expect(north.serve({}, { port: server.port })).rejects.toMatchObject({
      code: 'protocol/listen-failed',
      message: expect.stringContaining('EADDRINUSE'),
    });
    await server.stop();
  });
});
