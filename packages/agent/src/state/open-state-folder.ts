import type { Clock } from '@fedvox/base';
import { bringForward, saidVersion } from './folder-version.js';
import { type Lock, takeLock } from './lock.js';
import { makeStateFolder, type StateFolder, stateFolder } from './state-folder.js';

export interface OpenStateFolder {
  readonly folder: StateFolder;
  readonly lock: Lock;
}

/**
 * Opens or begins a site's state folder for one program alone, in this version's form. One that a newer
 * version wrote is left as it is.
 * @throws FedvoxError `agent/already-running`, `agent/state-too-new`, `agent/state-unreadable`
 */
export async function openStateFolder(root: string, clock: Clock): Promise<OpenStateFolder> {
  const folder = stateFolder(root);
  await saidVersion(folder);
  await makeStateFolder(folder);
  const lock = await takeLock(folder.lock, clock);
  try {
    await bringForward(folder);
    return { folder, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
