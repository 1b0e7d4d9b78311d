import { createHash } from 'node:crypto';
import { FedvoxError, type Sha256 } from '@fedvox/base';
import { boundedMap } from '../bounded-map.js';
import { fileIdentity, isSettled } from '../file-index/file-identity.js';
import { filesUnder } from './walk.js';

const MAX_STATS_UNDER_WAY = 32;

/** What a folder holds, by its files' paths and identities. */
export interface FolderState {
  readonly files: number;
  readonly digest: Sha256;
}

/**
 * What tells, without reading a file, that a folder holds what it held.
 * `undefined` where nothing does: a file cannot be looked at, or was changed so lately that it may be changed again
 * without a sign.
 */
export async function folderState(root: string, nowMs: number): Promise<FolderState | undefined> {
  const paths = await filesUnder(root).catch((error: unknown) => {
    // Whoever reads the folder says why it cannot be read.
    if (!(error instanceof FedvoxError)) throw error;
    return undefined;
  });
  if (paths === undefined) return undefined;
  const identities = await boundedMap(paths, MAX_STATS_UNDER_WAY, fileIdentity);
  const hash = createHash('sha256');
  for (const [at, path] of paths.entries()) {
    const identity = identities[at];
    if (identity === undefined || !isSettled(identity, nowMs)) return undefined;
    hash.update(`${path}\0${identity.text}\n`);
  }
  return { files: paths.length, digest: hash.digest('hex') as Sha256 };
}
