import { innerProducts } from '@fedvox/aggregation';
import type { EncodingSpec } from '@fedvox/job';
import type { TensorReader } from '@fedvox/weights';
import { openEncoded, WeightsFile } from '@fedvox/weights/files';
import { RoundFiles } from './round-files.js';
import type { FilePath } from './round-task.js';
import { SharedSlices } from './shared-slices.js';

/** What a round's updates are multiplied with each other for, in the order in which they are given. */
export interface RoundDeltas<File> {
  readonly base: File;
  readonly updates: readonly { readonly delta: File }[];
  /** Of their deltas. */
  readonly encoding: EncodingSpec;
}

/** The inner products of a round's updates, on the thread that asks, beside its other work. */
export async function productsHere(
  { base, updates, encoding }: RoundDeltas<FilePath>,
  signal: AbortSignal,
): Promise<readonly Float64Array[]> {
  const files = new RoundFiles();
  try {
    const { tensors } = await files.open(await base());
    const readers = [];
    for (const { delta } of updates) {
      const file = await files.delta(delta, tensors, encoding);
      const read: TensorReader['read'] = (...slice) => {
        signal.throwIfAborted();
        return file.read(...slice);
      };
      readers.push({ delta: { read } });
    }
    return await innerProducts(tensors, readers);
  } finally {
    await files.close();
  }
}

/**
 * The same on a thread of its own, of files that are open: on one, for a sum is made in one order.
 * @throws NotWanted once they are given up
 */
export async function productsOnThread(
  { base, updates, encoding }: RoundDeltas<number>,
  words: Int32Array,
): Promise<readonly Float64Array[]> {
  const slices = new SharedSlices(words, 0, 1);
  const { tensors } = await WeightsFile.open(base, 'at-once');
  const readers = updates.map(async ({ delta }) => {
    const file = await openEncoded(delta, tensors, encoding, 'at-once');
    const read: TensorReader['read'] = (...slice) => {
      slices.goOn();
      return file.read(...slice);
    };
    return { delta: { read } };
  });
  return innerProducts(tensors, await Promise.all(readers));
}
