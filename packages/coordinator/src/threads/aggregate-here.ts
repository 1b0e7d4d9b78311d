import { aggregate, type SiteUpdate } from '@fedvox/aggregation';
import type { Sha256 } from '@fedvox/base';
import type { TensorReader, TensorSource } from '@fedvox/weights';
import { writeWeightsFile } from '@fedvox/weights/files';
import { RoundFiles } from './round-files.js';
import type { RoundDrafts, RoundTask } from './round-task.js';

/** Aggregates a round on the thread that asks, beside its other work; ends at the next slice when the signal aborts. */
export async function aggregateHere(task: RoundTask, signal: AbortSignal): Promise<RoundDrafts> {
  const files = new RoundFiles();
  const stoppableReader = (reader: TensorReader): TensorReader => ({
    read: (...slice) => {
      signal.throwIfAborted();
      return reader.read(...slice);
    },
  });
  const stoppable = (source: TensorSource): TensorSource => ({
    tensors: source.tensors,
    ...stoppableReader(source),
  });
  const write = async (path: string, source: TensorSource): Promise<Sha256> =>
    (await writeWeightsFile(path, stoppable(source))).sha256;
  try {
    const { spec, maxShare, drafts, encoding, serverState: state } = task;
    const base = await files.open(await task.base());
    const updates: SiteUpdate[] = [];
    for (const update of task.updates) {
      const delta = await files.delta(update.delta, base.tensors, encoding);
      updates.push({ ...update, delta: stoppableReader(delta) });
    }
    let spooled = 0;
    const { model, serverState } = await aggregate({
      spec,
      maxShare,
      base,
      serverState: state === null ? null : await files.open(await state()),
      updates,
      spool: (source) => files.spool(`${drafts.spool}-${spooled++}`, stoppable(source)),
    });
    return {
      model: await write(drafts.model, model),
      serverState: serverState === null ? null : await write(drafts.state, serverState),
    };
  } finally {
    await files.close();
  }
}
