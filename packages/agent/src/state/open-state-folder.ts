import type { Clock } from '@fedvox/base';
import { type Logger, programVersion } from '@fedvox/base/system';
import { bringForward, saidVersion } from './folder-version.js';
import { type Lock, takeLock } from './lock.js';
import { makeStateFolder, type StateFolder, stateFolder } from './state-folder.js';

export interface OpenStateFolder {
  readonly folder: StateFolder;
  readonly lock: Lock;
}

export interface FolderSurroundings {
  /** The program's version, where it is not its own. */
  readonly program?: string | undefined;
  /** Told of what is brought forward. */
  readonly log?: Logger | undefined;
}

/**
 * Opens or begins a site's state folder for one program alone, in this version's form. One that a newer
 * version wrote is left as it is.
 * @throws FedvoxError `agent/already-running`, `agent/state-too-new`, `agent/state-unreadable`, `agent/state-half-back`
 */
export async function openStateFolder(
  root: string,
  clock: Clock,
  { program = programVersion(), log }: FolderSurroundings = {},
): Promise<OpenStateFolder> {
  const folder = stateFolder(root);
  await saidVersion(folder);
  await makeStateFolder(folder);
  const lock = await takeLock(folder.lock, clock);
  try {
    await bringForward(folder, { program, nowMs: clock.nowMs(), log });
    return { folder, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
