import { type FileHandle, open } from 'node:fs/promises';
import type { RoundDeltas } from './round-products.js';
import type { FilePath, OpenRound, RoundTask } from './round-task.js';

/** Opens a file to be read, and answers its descriptor. */
type Open = (path: FilePath) => Promise<number>;

/** Lends a round with its files open. */
export function withOpenRound<Result>(
  task: RoundTask,
  work: (round: OpenRound) => Promise<Result>,
): Promise<Result> {
  return withOpenFiles(async (opened) => {
    const base = await opened(task.base);
    const serverState = task.serverState === null ? null : await opened(task.serverState);
    const updates = [];
    for (const update of task.updates) {
      updates.push({ ...update, delta: await opened(update.delta) });
    }
    return work({ ...task, base, serverState, updates });
  });
}

/** The same of its deltas and the model that they belong to. */
export function withOpenDeltas<Result>(
  { base, updates, encoding }: RoundDeltas<FilePath>,
  work: (deltas: RoundDeltas<number>) => Promise<Result>,
): Promise<Result> {
  return withOpenFiles(async (opened) => {
    const model = await opened(base);
    const deltas = [];
    for (const { delta } of updates) deltas.push({ delta: await opened(delta) });
    return work({ base: model, updates: deltas, encoding });
  });
}

/**
 * Files that are opened are closed when `work` is done, and then no thread may read by them any more: their
 * numbers go to other files.
 */
async function withOpenFiles<Result>(work: (opened: Open) => Promise<Result>): Promise<Result> {
  const handles: FileHandle[] = [];
  try {
    return await work(async (path) => {
      const handle = await open(await path(), 'r');
      handles.push(handle);
      return handle.fd;
    });
  } finally {
    for (const handle of handles) await handle.close();
  }
}
