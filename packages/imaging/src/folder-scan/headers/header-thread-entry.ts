import { parentPort } from 'node:worker_threads';
import { assert } from '@fedvox/base';
import { type HeaderAnswer, readBatch } from './header-batch.js';

/** The program of a thread that reads headers: one batch of paths after another, each answered once. */
const port = parentPort;
assert(port !== null, 'this program runs in a thread of header-threads');
port.on('message', async (paths: readonly string[]) => {
  port.postMessage(await answerTo(paths));
});

async function answerTo(paths: readonly string[]): Promise<HeaderAnswer> {
  try {
    return { files: await readBatch(paths) };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}
