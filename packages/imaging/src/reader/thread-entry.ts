import { parentPort } from 'node:worker_threads';
import { assert, FedvoxError, namedError } from '@fedvox/base';
import type { HeaderProgress } from '../folder-scan/headers/read-headers.js';
import type { ScannedCase } from '../geometry/case.js';
import { directReader, type Reader } from './reader.js';
import type { ReadAnswer, ReadRequest } from './reader-messages.js';

/** The program of a reader's thread: one request after another, each answered once. */
const port = parentPort;
assert(port !== null, 'this program runs in a thread of a ReaderThread');
port.on('message', async (request: ReadRequest) => {
  const answer = await answerTo(request);
  // Voxels are handed over and not copied.
  port.postMessage(answer, answer.kind === 'done' ? buffersOf(answer.value) : []);
});

async function answerTo({ operation, args }: ReadRequest): Promise<ReadAnswer> {
  try {
    return { kind: 'done', value: await valueRead(operation, args) };
  } catch (error) {
    if (!(error instanceof FedvoxError)) {
      return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
    return { kind: 'refused', error: namedError(error) };
  }
}

function valueRead(
  operation: ReadRequest['operation'],
  args: readonly unknown[],
): Promise<unknown> {
  if (operation === 'openDataset') {
    const [spec, classes, options] = args as Parameters<Reader['openDataset']>;
    return directReader.openDataset(spec, classes, { ...options, onProgress: tell });
  }
  const read = directReader[operation] as (...args: readonly unknown[]) => Promise<unknown>;
  return read(...args);
}

function tell(progress: HeaderProgress): void {
  port?.postMessage({ kind: 'progress', progress } satisfies ReadAnswer);
}

/** The memory of a case's voxels; image and label of a cached case share one piece. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const { image, label } = (value ?? {}) as Partial<ScannedCase>;
  const voxels = image !== undefined && 'stored' in image ? image.stored : image?.data;
  const buffers = [voxels?.buffer, label?.data.buffer].filter((buffer) => buffer !== undefined);
  return [...new Set(buffers as ArrayBuffer[])];
}
