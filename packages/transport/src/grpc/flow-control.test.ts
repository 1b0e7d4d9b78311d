import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Server } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningServer } from '../calls/running-server.js';
import { FLOW_CONTROL_WINDOW_BYTES, LEAST_WINDOW_BYTES, SHARED_WINDOW_BYTES } from '../limits.js';
import { TestFederation } from '../testing/test-federation.js';
import { createEnrollmentServer } from './enrollment-server.js';
import { widenReceiveWindow, windowAmong } from './flow-control.js';

const HTTP2_INITIAL_WINDOW_BYTES = 65_535;

let federation: TestFederation;
let server: RunningServer | undefined;

beforeAll(async () => {
  federation = await TestFederation.create();
});
/** Those that a test has opened. */
let clients: ClientHttp2Session[] = [];
beforeEach(() => {
  clients = [];
});
afterEach(async () => {
  await server?.stop(0);
  server = undefined;
});

/** Once the server knows of it, too. */
async function ended(session: ClientHttp2Session): Promise<void> {
  session.close();
  await once(session, 'close');
}

/** What a server lets this client send before it must wait: on one stream, and on all together. */
async function windowsOf(name = 'alice'): Promise<() => { stream: number; connection: number }> {
  const { keyPem: key, certificateChainPem: cert } = await federation.member({ name });
  const ca = federation.authority.certificatePem;
  const session = connect(`https://localhost:${server?.port}`, { ca, key, cert });
  session.on('error', () => session.destroy());
  clients.push(session);
  await once(session, 'remoteSettings');
  return () => ({
    stream: session.remoteSettings.initialWindowSize ?? 0,
    connection: session.state.remoteWindowSize ?? 0,
  });
}

describe('a receive window', () => {
  it('is wide for sites, so that a long line does not slow an upload down', async () => {
    server = await federation.serve({});
    const windows = await windowsOf();
    await expect.poll(windows).toEqual({
      stream: FLOW_CONTROL_WINDOW_BYTES,
      connection: FLOW_CONTROL_WINDOW_BYTES,
    });
  });

  it('is the smaller the more connections there are, and wide again once they are gone', async () => {
    server = await federation.serve({});
    const before = SHARED_WINDOW_BYTES / FLOW_CONTROL_WINDOW_BYTES;
    const open = await Promise.all(
      Array.from({ length: before }, (_, k) => windowsOf(`site-${k}`)),
    );
    for (const windows of open) {
      await expect.poll(windows).toMatchObject({ connection: FLOW_CONTROL_WINDOW_BYTES });
    }
    const another = await windowsOf();
    const share = SHARED_WINDOW_BYTES / (2 * before);
    await expect.poll(another).toMatchObject({ connection: share });
    await Promise.all(clients.splice(0).map((session) => ended(session)));
    const later = await windowsOf();
    await expect.poll(later).toMatchObject({ connection: FLOW_CONTROL_WINDOW_BYTES });
  });

  it('is given up in part by those who were there first', async () => {
    const http2 = createServer();
    const sessions: ServerHttp2Session[] = [];
    http2.on('session', (session) => sessions.push(session));
    widenReceiveWindow({ http2Servers: new Map([[http2, {}]]) } as unknown as Server);
    http2.listen(0, 'localhost');
    await once(http2, 'listening');
    const { port } = http2.address() as AddressInfo;
    const many = 2 * (SHARED_WINDOW_BYTES / FLOW_CONTROL_WINDOW_BYTES);
    clients = Array.from({ length: many }, () => connect(`http://localhost:${port}`));
    const windows = () => sessions.map(({ state }) => state.effectiveLocalWindowSize);
    await expect.poll(windows).toEqual(Array(many).fill(SHARED_WINDOW_BYTES / many));
    await Promise.all(clients.splice(1).map((session) => ended(session)));
    await expect.poll(windows).toContain(FLOW_CONTROL_WINDOW_BYTES);
    await Promise.all(clients.splice(0).map((session) => ended(session)));
    http2.close();
  });

  it('never falls below what a line needs, however many there are', () => {
    expect(windowAmong(0)).toBe(FLOW_CONTROL_WINDOW_BYTES);
    expect(windowAmong(1)).toBe(FLOW_CONTROL_WINDOW_BYTES);
    expect(windowAmong(33)).toBe(windowAmong(64));
    expect(windowAmong(32)).toBe(SHARED_WINDOW_BYTES / 32);
    expect(windowAmong(4_096)).toBe(LEAST_WINDOW_BYTES);
  });

  it('stays as HTTP/2 begins with it for whoever was not authenticated', async () => {
    const handlers = { enroll: async () => [] };
    server = await createEnrollmentServer(handlers, {
      ...federation.listen,
      onEvent: () => undefined,
    });
    const windows = await windowsOf();
    expect(windows()).toEqual({
      stream: HTTP2_INITIAL_WINDOW_BYTES,
      connection: HTTP2_INITIAL_WINDOW_BYTES,
    });
  });
});
