import { parentPort } from 'node:worker_threads';
import { assert, errorText, FedvoxError } from '@fedvox/base';
import type { ScannedCase } from '../datasets/case.js';
import type { ReadAnswer, ReadRequest } from './messages.js';
import { directReader } from './reader.js';

/** The program of a reader's thread: one request after another, each answered once. */
const port = parentPort;
assert(port !== null, 'this program runs in a thread of a ReaderThread');
port.on('message', async (request: ReadRequest) => {
  const answer = await answerTo(request);
  // Voxels are handed over and not copied.
  port.postMessage(answer, answer.type === 'done' ? buffersOf(answer.value) : []);
});

async function answerTo({ operation, args }: ReadRequest): Promise<ReadAnswer> {
  const read = directReader[operation] as (...args: readonly unknown[]) => Promise<unknown>;
  try {
    return { type: 'done', value: await read(...args) };
  } catch (error) {
    if (!(error instanceof FedvoxError)) {
      return { type: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
    const { code, message, advice, details, cause } = error;
    const named = { code, message, advice, details };
    const because = cause === undefined ? {} : { cause: errorText(cause) };
    return { type: 'refused', error: { ...named, ...because } };
  }
}

/** The memory of a case's voxels; image and label of a cached case share one piece. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const { image, label } = (value ?? {}) as Partial<ScannedCase>;
  const voxels = image !== undefined && 'stored' in image ? image.stored : image?.data;
  const buffers = [voxels?.buffer, label?.data.buffer].filter((buffer) => buffer !== undefined);
  return [...new Set(buffers as ArrayBuffer[])];
}
