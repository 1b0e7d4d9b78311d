import type { FederationHandlers } from '../calls/federation-handlers.js';

export function promiseAndResolve() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A long poll that ends only when the site hangs up. */
export function unanswered() {
  const { promise: entered, resolve: enter } = promiseAndResolve();
  const { promise: aborted, resolve: abort } = promiseAndResolve();
  const nextTask: FederationHandlers['nextTask'] = (_, { signal }) => {
    enter();
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        abort();
        reject(new Error('hung up'));
      });
    });
  };
  return { nextTask, entered, aborted };
}
