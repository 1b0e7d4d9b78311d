import { rename } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Clock } from '@fedvox/base';
import {
  freeAside,
  isThere,
  type KeptCopy,
  keptCopies,
  makeFolder,
  putBack,
  removeCopy,
  syncFolder,
  verifyCopy,
} from '@fedvox/base/system';
import { fail } from '../errors.js';
import { type FolderVersion, readFolderVersion, writeFolderVersion } from './folder-version.js';
import { takeLock } from './lock.js';
import { stateFolder } from './state-folder.js';

/** What a site's state folder was brought back to. */
export interface FolderReturn {
  /** The folder's version. */
  readonly version: number;
  readonly takenAtMs: number;
  /** Where what was gone back from lies. */
  readonly aside: string;
}

/**
 * Puts what an upgrade changed back as its copy has it; what was there is set aside. Killed on the way it is done again, and no
 * agent starts on the folder until it is done. The egress ledger is no part of it: no upgrade changes evidence.
 * @throws FedvoxError `agent/no-way-back`, `agent/already-running`, `agent/state-unreadable`, `base/copy-unusable`
 */
export async function returnFolder(root: string, clock: Clock): Promise<FolderReturn> {
  const folder = stateFolder(root);
  const lock = await takeLock(folder.lock, clock);
  try {
    const said = await readFolderVersion(folder);
    const copy = await copyToReturnTo(root, said);
    await verifyCopy(copy);
    const { from, takenAtMs, files, paths } = copy.note;
    const name = said?.goingBack?.aside ?? (await freeAside(root, copy));
    const goingBack = { copy: relative(root, copy.folder), aside: name };
    await writeFolderVersion(folder, { ...(said ?? { version: from }), goingBack });
    const aside = join(root, name);
    const own = relative(root, folder.version);
    for (const path of paths.filter((each) => each !== own)) await setAside(root, path, aside);
    for (const { path } of files.filter((each) => each.path !== own)) {
      await putBack(copy, path, join(root, path));
    }
    // Last: until then the folder says that it is on its way.
    await writeFolderVersion(folder, { version: from });
    await removeCopy(copy);
    return { version: from, takenAtMs, aside };
  } finally {
    await lock.release();
  }
}

/** The one that is under way, or the newest. */
async function copyToReturnTo(root: string, said: FolderVersion | undefined): Promise<KeptCopy> {
  const wanted = said?.goingBack?.copy;
  const copies = await keptCopies(root);
  const copy = copies.find(
    ({ folder }) => wanted === undefined || relative(root, folder) === wanted,
  );
  if (copy === undefined) throw fail('no-way-back', { folder: root });
  return copy;
}

/** What lies there goes where it can be looked at; what is there from a first attempt stays. */
async function setAside(root: string, path: string, aside: string): Promise<void> {
  const from = join(root, path);
  const to = join(aside, path);
  if (!(await isThere(from)) || (await isThere(to))) return;
  await makeFolder(dirname(to), 0o700);
  await rename(from, to);
  await syncFolder(dirname(to));
  await syncFolder(dirname(from));
}
