import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Sends requests as fast as the other side takes them, and stops as soon as the call is answered: a
 * server that refuses reads no further.
 */
export async function sendRequests<Request>(
  stream: Writable,
  requests: AsyncIterable<Request>,
  answered: Promise<unknown>,
): Promise<void> {
  let isAnswered = false;
  const settle = () => {
    isAnswered = true;
  };
  const settled = answered.then(settle, settle);
  for await (const request of requests) {
    if (isAnswered) return;
    if (stream.write(request)) continue;
    await Promise.race([once(stream, 'drain'), settled]);
  }
  if (!isAnswered) stream.end();
}

/** Sends responses as fast as the other side takes them. @throws AbortError once the call is over */
export async function sendResponses<Response>(
  stream: Writable,
  responses: AsyncIterable<Response>,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of responses) {
    signal.throwIfAborted();
    if (!stream.write(response)) await once(stream, 'drain', { signal });
  }
}
