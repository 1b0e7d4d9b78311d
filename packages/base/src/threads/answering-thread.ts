import { parentPort } from 'node:worker_threads';
import { assert } from '../assert.js';
import { FedvoxError } from '../errors.js';
import { type NamedError, namedError } from '../named-error.js';

export interface AskedRequest {
  readonly id: number;
  readonly request: unknown;
  /** Its word is 1 as soon as nobody wants the answer any more. */
  readonly dropped: Int32Array | undefined;
}

/** To a request any number of `progress`, then one of the others. */
export type AskedAnswer = { readonly id: number } & (
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly error: NamedError }
  /** Anything else that was thrown: a bug. */
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'dropped' }
);

/**
 * The program of an `AskedThread`: every request is answered once.
 * @param buffersOf what of a value is handed over and not copied
 */
export function answerRequests<Request, Value>(
  valueFor: (request: Request, tell: (progress: unknown) => void) => Promise<Value>,
  buffersOf: (value: Value) => readonly ArrayBuffer[],
): void {
  const port = parentPort;
  assert(port !== null, 'this program runs in a thread that is asked');
  const say = (answer: AskedAnswer, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(answer, transfer);
  port.on('message', async ({ id, request, dropped }: AskedRequest) => {
    if (dropped !== undefined && Atomics.load(dropped, 0) === 1) {
      return say({ id, kind: 'dropped' });
    }
    try {
      const tell = (progress: unknown) => say({ id, kind: 'progress', progress });
      const value = await valueFor(request as Request, tell);
      say({ id, kind: 'done', value }, buffersOf(value));
    } catch (error) {
      if (error instanceof FedvoxError) {
        say({ id, kind: 'refused', error: namedError(error) });
      } else {
        say({
          id,
          kind: 'failed',
          error: error instanceof Error ? error : new Error(String(error)),
        });
      }
    }
  });
}
