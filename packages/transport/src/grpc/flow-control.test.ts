import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../calls/running-server.js';
import { FLOW_CONTROL_WINDOW_BYTES } from '../limits.js';
import { TestFederation } from '../testing/test-federation.js';
import { createEnrollmentServer } from './enrollment-server.js';

const HTTP2_INITIAL_WINDOW_BYTES = 65_535;

let federation: TestFederation;
let server: RunningServer;

beforeAll(async () => {
  federation = await TestFederation.create();
});
afterEach(() => server.stop(0));

/** What a server lets this client send before it must wait: on one stream, and on all together. */
async function windowsOf(): Promise<() => { stream: number; connection: number }> {
  const { keyPem: key, certificateChainPem: cert } = await federation.member();
  const ca = federation.authority.certificatePem;
  const session = connect(`https://localhost:${server.port}`, { ca, key, cert });
  session.on('error', () => session.destroy());
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
