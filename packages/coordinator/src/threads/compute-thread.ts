import { parentPort } from 'node:worker_threads';
import { assert, FedvoxError, namedError } from '@fedvox/base';
import { aggregateRound } from './aggregate-round.js';
import { DeltaChecks } from './delta-check.js';
import { productsOnThread } from './round-products.js';
import { NotWanted } from './shared-slices.js';
import type { ThreadAnswer, ThreadRequest } from './thread-messages.js';

/** The program of a thread of `ComputeThreads`: one request after another, each answered once. */
const port = parentPort;
assert(port !== null, 'this program runs in a thread of ComputeThreads');
const checks = new DeltaChecks('at-once');
port.on('message', async (request: ThreadRequest) => {
  port.postMessage(await answerTo(request));
});

async function answerTo(request: ThreadRequest): Promise<ThreadAnswer> {
  try {
    return { kind: 'done', value: await resultOf(request) };
  } catch (error) {
    if (error instanceof NotWanted) return { kind: 'not-wanted' };
    if (error instanceof FedvoxError) return { kind: 'refused', error: namedError(error) };
    return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function resultOf(request: ThreadRequest): Promise<unknown> {
  switch (request.kind) {
    case 'check-delta':
      return checks.check(request.delta);
    case 'inner-products':
      return productsOnThread(request.deltas, request.words);
    case 'aggregate-round':
      return aggregateRound(request.round, request.part);
  }
}
