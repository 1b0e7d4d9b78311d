import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningServer } from '../calls/running-server.js';
import { FLOW_CONTROL_WINDOW_BYTES, LEAST_WINDOW_BYTES, SHARED_WINDOW_BYTES } from '../limits.js';
import { TestFederation } from '../testing/test-federation.js';
import { createEnrollmentServer } from './enrollment-server.js';
import { windowAmong } from './flow-control.js';

const HTTP2_INITIAL_WINDOW_BYTES = 65_535;

let federation: TestFederation;
let server: RunningServer;

beforeAll(async () => {
  federation = await TestFederation.create();
});
/** Those that a test has opened. */
let clients: ClientHttp2Session[] = [];
beforeEach(() => {
  clients = [];
});
afterEach(() => server.stop(0));

/** Once the server knows of it, too. */
async function ended(session: ClientHttp2Session): Promise<void> {
  session.close();
  await once(session, 'close');
}

/** What a server lets this client send before it must wait: on one stream, and on all together. */
async function windowsOf(name = 'alice'): Promise<() => { stream: number; connection: number }> {
  const { keyPem: key, certificateChainPem: cert } = await federation.member({ name });
  const ca = federation.authority.certificatePem;
  const session = connect(`https://localhost:${server.port}`, { ca, key, cert });
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
      await expect.poll(windows).toMatchObject({ stream: FLOW_CONTROL_WINDOW_BYTES });
    }
    const another = await windowsOf();
    const share = Math.floor(SHARED_WINDOW_BYTES / (before + 1));
    await expect.poll(another).toEqual({ stream: share, connection: share });
    await Promise.all(clients.splice(0).map((session) => ended(session)));
    const later = await windowsOf();
    await expect.poll(later).toMatchObject({ stream: FLOW_CONTROL_WINDOW_BYTES });
  });

  it('never falls below what a line needs, however many there are', () => {
    expect(windowAmong(1)).toBe(FLOW_CONTROL_WINDOW_BYTES);
    expect(windowAmong(64)).toBe(SHARED_WINDOW_BYTES / 64);
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
