import { type ClientHttp2Stream, connect } from 'node:http2';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { DEADLINES_MS } from '../limits.js';
import { TestFederation } from '../testing/test-federation.js';

let federation: TestFederation;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  federation = await TestFederation.create();
});
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

const SHORT_MS = 300;
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
  const server = await federation.serve(handlers, { deadlinesMs });
  const { keyPem: key, certificateChainPem: cert } = await federation.member();
  const ca = federation.authority.certificatePem;
  const session = connect(`https://localhost:${server.port}`, { ca, key, cert });
  cleanups.push(
    () => server.stop(0),
    () => session.destroy(),
  );
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
  return { stream, status: () => status };
}

describe('a call that its client never ends', () => {
  it.each([
    ['whose message never comes', 'Heartbeat', Buffer.alloc(0)],
    ['whose message comes in half', 'Heartbeat', HALF_MESSAGE],
    ['that uploads for ever', 'Upload', HALF_MESSAGE],
  ])('%s is ended by the server at its deadline', async (_, method, message) => {
    const startedAtMs = performance.now();
    const { stream, status } = await endlessCall(method, message);
    await vi.waitFor(() => expect(status()).toBe('4'), 5_000);
    await vi.waitFor(() => expect(stream.closed).toBe(true), 5_000);
    expect(performance.now() - startedAtMs).toBeGreaterThan(SHORT_MS);
  });

  it('lets its handler go, too', async () => {
    let isAborted = false;
    const whole = Buffer.of(0, 0, 0, 0, 2, 0x08, 0x01);
    const nextTask: FederationHandlers['nextTask'] = (_, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          isAborted = true;
          resolve(undefined);
        }),
      );
    const { stream, status } = await endlessCall('NextTask', whole, { nextTask });
    stream.end();
    await vi.waitFor(() => expect([isAborted, status()]).toEqual([true, '4']), 5_000);
  });

  it('of a method that there is not is closed all the same', { timeout: 30_000 }, async () => {
    const { stream, status } = await endlessCall('Nothing', HALF_MESSAGE);
    await vi.waitFor(() => expect(stream.closed).toBe(true), 15_000);
    expect(status()).toBe('12');
  });
});
