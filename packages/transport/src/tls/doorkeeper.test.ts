import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { VirtualClock } from '@fedvox/base';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServerEvent } from '../calls/call-context.js';
import { createEnrollmentServer } from '../grpc/enrollment-server.js';
import { type Member, TestFederation } from '../testing/test-federation.js';

let federation: TestFederation;
let alice: Member;
/** The server's: certificates were issued in its time. */
let clock: VirtualClock;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  federation = await TestFederation.create();
  alice = await federation.member();
});
beforeEach(() => {
  clock = new VirtualClock({ startMs: Date.now() });
});
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

const BOUNDS = { maxStrangers: 8, maxStrangersPerAddress: 4, maxPerMember: 2 };
const HANDSHAKE_MS = 500;

async function serve(door: object = {}) {
  const rules = { ...BOUNDS, handshakeTimeoutMs: HANDSHAKE_MS, ...door };
  const server = await federation.serve({}, { door: rules, clock });
  cleanups.push(() => server.stop(0));
  return server;
}

async function dialSilently(port: number): Promise<Socket> {
  const socket = connect(port, 'localhost');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

const reasonsOf = (events: readonly ServerEvent[]) =>
  events.map(({ error }) => (error as Error).message.replace(/^.*was cut off: /, ''));

describe('a door', () => {
  it('closes on whoever does not finish its handshake, silent or trickling', async () => {
    const { port, events } = await serve();
    const silent = await dialSilently(port);
    const trickling = await dialSilently(port);
    const hello = Buffer.from('16030100f8010000f40303', 'hex');
    await expect.poll(() => clock.waiting).toBe(2);
    const closed = Promise.all([silent, trickling].map((socket) => once(socket, 'close')));
    for (const byte of hello.subarray(0, 5)) {
      trickling.write(Buffer.of(byte));
      expect(events).toEqual([]);
      await clock.advance(HANDSHAKE_MS / 5);
    }
    await closed;
    expect(reasonsOf(events)).toEqual(Array(2).fill('no handshake within 0.5 s'));
  });

  it('lets the oldest silent connections of an address make room, and says whose it was', async () => {
    const { port, events } = await serve({ handshakeTimeoutMs: 60_000 });
    const silent: Socket[] = [];
    for (let i = 0; i < 6; i++) silent.push(await dialSilently(port));
    await expect.poll(() => silent.filter(({ closed }) => closed)).toHaveLength(2);
    expect(silent.map(({ closed }) => closed)).toEqual([true, true, false, false, false, false]);
    expect(reasonsOf(events)).toEqual(Array(2).fill('it made room for a newer connection'));
    expect(String(events[0]?.error)).toMatch(/the connection of \S*(127\.0\.0\.1|::1) was/);
    const client = federation.dial({ port }, alice);
    cleanups.push(() => client.close());
    expect((await client.hello([])).federation).toBe('north');
  });

  it('keeps the newest connections of a site, and cuts off the ones before', async () => {
    const { port } = await serve();
    const clients = Array.from({ length: 3 }, () => federation.dial({ port }, alice));
    for (const client of clients) {
      cleanups.push(() => client.close());
      await client.hello([]);
    }
    const { keyPem: key, certificateChainPem: cert } = alice;
    const ca = federation.authority.certificatePem;
    const sessions: ClientHttp2Session[] = [];
    for (let i = 0; i < 4; i++) {
      const session = connectHttp2(`https://localhost:${port}`, { ca, key, cert });
      cleanups.push(() => session.destroy());
      session.on('error', () => session.destroy());
      await once(session, 'connect');
      sessions.push(session);
    }
    await expect.poll(() => sessions.filter(({ closed }) => closed)).toHaveLength(2);
    expect(sessions.map(({ closed }) => closed)).toEqual([true, true, false, false]);
  });

  it('that asks for no certificate still shows everybody out after a while', async () => {
    const events: ServerEvent[] = [];
    const server = await createEnrollmentServer(
      { enroll: async () => [] },
      {
        ...federation.listen,
        clock,
        onEvent: (event) => events.push(event),
        door: { strangerLifetimeMs: 1_000 },
      },
    );
    cleanups.push(() => server.stop(0));
    const ca = federation.authority.certificatePem;
    const session = connectHttp2(`https://localhost:${server.port}`, { ca });
    session.on('error', () => session.destroy());
    const ping = () => new Promise((resolve) => session.ping(resolve));
    await once(session, 'connect');
    const closed = once(session, 'close');
    for (let tenth = 0; tenth < 9; tenth++) {
      await ping();
      await clock.advance(100);
    }
    await ping();
    expect(events).toEqual([]);
    await clock.advance(100);
    await closed;
    expect(reasonsOf(events)).toEqual(['connected for 1 s']);
  });
});
