import { once } from 'node:events';
import { type ClientHttp2Stream, connect } from 'node:http2';
import { VirtualClock } from '@fedvox/base';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { DEADLINES_MS } from '../limits.js';
import { TestFederation } from '../testing/test-federation.js';

let federation: TestFederation;
/** The server's: certificates were issued in its time. */
let clock: VirtualClock;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  federation = await TestFederation.create();
});
beforeEach(() => {
  clock = new VirtualClock({ startMs: Date.now() });
});
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

const SHORT_MS = 300;
/** What the server allows an ended call's stream, and a call of a method that there is not. */
const CLOSING_MS = 1_000;
const UNKNOWN_METHOD_MS = 10_000;
/** A message of ten bytes, of which none follow. */
const HALF_MESSAGE = Buffer.of(0, 0, 0, 0, 10);

/** Makes a call by hand that sets no deadline and is never ended by its client. */
async function endlessCall(
  method: string,
  message: Buffer,
  handlers: Partial<FederationHandlers> = {},
): Promise<{ stream: ClientHttp2Stream; status: () => string | undefined }> {
  const deadlines = Object.fromEntries(Object.keys(DEADLINES_MS).map((name) => [name, SHORT_MS]));
  const deadlinesMs = deadlines as unknown as typeof DEADLINES_MS;
  const server = await federation.serve(handlers, { deadlinesMs, clock });
  const { keyPem: key, certificateChainPem: cert } = await federation.member();
  const ca = federation.authority.certificatePem;
  const session = connect(`https://localhost:${server.port}`, { ca, key, cert });
  cleanups.push(
    () => server.stop(0),
    () => session.destroy(),
  );
  await once(session, 'connect');
  const stream = session.request({
    ':method': 'POST',
    ':path': `/fedvox.v1.FederationService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status: string | undefined;
  const read = (headers: object) => {
    status = (headers as Record<string, string>)['grpc-status'] ?? status;
  };
  stream.on('response', read).on('trailers', read);
  stream.on('error', () => stream.close());
  stream.write(message);
  stream.resume();
  // Frames are read in their order: the server knows of the call once it answers a ping behind it.
  await new Promise((resolve) => session.ping(resolve));
  return { stream, status: () => status };
}

describe('a call that its client never ends', () => {
  it.each([
    ['whose message never comes', 'Heartbeat', Buffer.alloc(0)],
    ['whose message comes in half', 'Heartbeat', HALF_MESSAGE],
    ['that uploads for ever', 'Upload', HALF_MESSAGE],
  ])('%s is ended by the server at its deadline', async (_, method, message) => {
    const { stream, status } = await endlessCall(method, message);
    await clock.advance(SHORT_MS - 1);
    expect(status()).toBeUndefined();
    await clock.advance(1);
    await vi.waitFor(() => expect(status()).toBe('4'), 5_000);
    await clock.advance(CLOSING_MS);
    await vi.waitFor(() => expect(stream.closed).toBe(true), 5_000);
  });

  it('lets its handler go, too', async () => {
    let isEntered = false;
    let isAborted = false;
    const whole = Buffer.of(0, 0, 0, 0, 2, 0x08, 0x01);
    const nextTask: FederationHandlers['nextTask'] = (_, { signal }) =>
      new Promise((resolve) => {
        isEntered = true;
        signal.addEventListener('abort', () => {
          isAborted = true;
          resolve(undefined);
        });
      });
    const { stream, status } = await endlessCall('NextTask', whole, { nextTask });
    stream.end();
    await vi.waitFor(() => expect(isEntered).toBe(true), 5_000);
    await clock.advance(SHORT_MS);
    await vi.waitFor(() => expect([isAborted, status()]).toEqual([true, '4']), 5_000);
  });

  it('of a method that there is not is closed all the same', async () => {
    const { stream, status } = await endlessCall('Nothing', HALF_MESSAGE);
    await clock.advance(UNKNOWN_METHOD_MS + CLOSING_MS);
    await vi.waitFor(() => expect(stream.closed).toBe(true), 5_000);
    expect(status()).toBe('12');
  });
});
