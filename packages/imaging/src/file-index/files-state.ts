import { createHash } from 'node:crypto';
import type { Sha256 } from '@fedvox/base';
import { boundedMap } from '../bounded-map.js';
import { fileIdentity, isSettled } from './file-identity.js';

const MAX_STATS_UNDER_WAY = 32;

/**
 * What tells, without reading any of them, that files are the ones that they were. `undefined` where nothing does:
 * one of them cannot be looked at, or was changed so lately that it may be changed again without a sign.
 */
export async function filesState(
  paths: readonly string[],
  nowMs: number,
): Promise<Sha256 | undefined> {
  const identities = await boundedMap(paths, MAX_STATS_UNDER_WAY, fileIdentity);
  const hash = createHash('sha256');
  for (const [at, path] of paths.entries()) {
    const identity = identities[at];
    if (identity === undefined || !isSettled(identity, nowMs)) return undefined;
    hash.update(`${path}\0${identity.text}\n`);
  }
  return hash.digest('hex') as Sha256;
}
