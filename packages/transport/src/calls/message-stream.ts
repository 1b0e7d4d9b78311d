import type { Writable } from 'node:stream';

/**
 * Sends requests as fast as the other side takes them, and stops as soon as the call is answered: a
 * server that refuses reads no further. The next is asked for when the one before has been handed to the
 * network, and its bytes may be used again.
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
    await Promise.race([written(stream, request), settled]);
  }
  if (!isAnswered) stream.end();
}

/**
 * Sends responses as fast as the other side takes them, the next when the one before has been handed to the
 * network. @throws AbortError once the call is over
 */
export async function sendResponses<Response>(
  stream: Writable,
  responses: AsyncIterable<Response>,
  signal: AbortSignal,
): Promise<void> {
  let giveUp: () => void = () => undefined;
  // A call that is over tells of no message any more.
  const over = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    for await (const response of responses) {
      signal.throwIfAborted();
      await Promise.race([written(stream, response), over]);
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** A message that cannot be written ends its stream, whose end tells why. */
function written(stream: Writable, message: unknown): Promise<void> {
  return new Promise((resolve) => {
    stream.write(message, () => resolve());
  });
}
