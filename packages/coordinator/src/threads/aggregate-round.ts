import { unlinkSync } from 'node:fs';
import { aggregate } from '@fedvox/aggregation';
import type { TensorReader } from '@fedvox/weights';
import { openEncoded, WeightsFile } from '@fedvox/weights/files';
import type { OpenRound, RoundDrafts } from './round-task.js';
import { SharedSlices } from './shared-slices.js';

/** Which of how many threads this is, and the memory that they share. */
export interface ThreadPart {
  readonly thread: number;
  readonly threads: number;
  readonly words: Int32Array;
}

/**
 * One thread's part in the aggregation of a round. The first thread answers what lies in the drafts; the others
 * answer null.
 * @throws NotWanted once the round is given up, or where nothing is left for this thread to do
 */
export async function aggregateRound(
  { spec, maxShare, drafts, encoding, ...round }: OpenRound,
  { words, thread, threads }: ThreadPart,
): Promise<RoundDrafts | null> {
  const slices = new SharedSlices(words, thread, threads);
  slices.goOn();
  const opened = (file: number | string) => WeightsFile.open(file, 'at-once');
  const spooled: { readonly path: string; readonly file: WeightsFile }[] = [];
  try {
    const base = await opened(round.base);
    const { model, serverState } = await aggregate({
      spec,
      maxShare,
      base,
      serverState: round.serverState === null ? null : await opened(round.serverState),
      updates: await Promise.all(
        round.updates.map(async (update) => {
          const file = await openEncoded(update.delta, base.tensors, encoding, 'at-once');
          return { ...update, delta: watched(file, slices.beforeRead) };
        }),
      ),
      spool: async (source) => {
        const path = `${drafts.spool}-${spooled.length}`;
        await slices.write(path, source);
        const file = await opened(path);
        spooled.push({ path, file });
        return file;
      },
    });
    const digest = await slices.write(drafts.model, model);
    const state = serverState === null ? null : await slices.write(drafts.state, serverState);
    slices.end();
    return digest === null ? null : { model: digest, serverState: state };
  } finally {
    for (const { path, file } of spooled) {
      await file.close();
      if (thread === 0) unlinkSync(path);
    }
  }
}

function watched(file: TensorReader, beforeRead: () => void): TensorReader {
  const reader: TensorReader = {
    read: (...slice) => {
      beforeRead();
      return file.read(...slice);
    },
  };
  if (file.readInto === undefined) return reader;
  const readInto: TensorReader['readInto'] = (...slice) => {
    beforeRead();
    return file.readInto!(...slice);
  };
  return { ...reader, readInto };
}
