import { rm } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import type { Job } from '@fedvox/job';
import type { WrittenWeights } from './model-file.js';
import { saveGlobalModel } from './saved-model.js';

/**
 * Brings a global model here and keeps it with its job, as one file; what was at `path` stays until that
 * is whole.
 * @param sha256 by which the coordinator knows the model
 * @param fetch writes the bare weights of that digest to the path that it is given
 * @returns what the file is known by
 */
export async function fetchModel(
  path: string,
  job: Job,
  sha256: Sha256,
  fetch: (path: string) => Promise<void>,
): Promise<WrittenWeights> {
  const bare = `${path}.part`;
  try {
    await fetch(bare);
    return await saveGlobalModel(path, job, { path: bare, sha256 });
  } finally {
    await rm(bare, { force: true });
  }
}
