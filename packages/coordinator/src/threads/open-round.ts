import { type FileHandle, open } from 'node:fs/promises';
import type { FilePath, OpenRound, RoundTask } from './round-task.js';

/**
 * Lends a round with its files open. They are closed when `work` is done, and then no thread may read by them
 * any more: their numbers go to other files.
 */
export async function withOpenRound<Result>(
  task: RoundTask,
  work: (round: OpenRound) => Promise<Result>,
): Promise<Result> {
  const handles: FileHandle[] = [];
  const opened = async (path: FilePath): Promise<number> => {
    const handle = await open(await path(), 'r');
    handles.push(handle);
    return handle.fd;
  };
  try {
    const base = await opened(task.base);
    const serverState = task.serverState === null ? null : await opened(task.serverState);
    const updates = [];
    for (const update of task.updates) {
      updates.push({ ...update, delta: await opened(update.delta) });
    }
    return await work({ ...task, base, serverState, updates });
  } finally {
    for (const handle of handles) await handle.close();
  }
}
