import { answerRequests } from '@fedvox/base/threads';
import type { ScannedCase } from '../geometry/case.js';
import type { ReadRequest } from './read-request.js';
import { directReader, type Reader } from './reader.js';

/** The program of a reader's thread. Voxels are handed over and not copied. */
answerRequests(valueRead, buffersOf);

function valueRead(
  { operation, args }: ReadRequest,
  onProgress: (progress: unknown) => void,
): Promise<unknown> {
  if (operation === 'openDataset') {
    const [spec, classes, options] = args as Parameters<Reader['openDataset']>;
    return directReader.openDataset(spec, classes, { ...options, onProgress });
  }
  const read = directReader[operation] as (...args: readonly unknown[]) => Promise<unknown>;
  return read(...args);
}

/** The memory of a case's voxels; image and label of a cached case share one piece. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const { image, label } = (value ?? {}) as Partial<ScannedCase>;
  const voxels = image !== undefined && 'stored' in image ? image.stored : image?.data;
  const buffers = [voxels?.buffer, label?.data.buffer].filter((buffer) => buffer !== undefined);
  return [...new Set(buffers as ArrayBuffer[])];
}
