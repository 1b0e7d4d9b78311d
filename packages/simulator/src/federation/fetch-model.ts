import { rm } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import type { CoordinatorClient } from '@fedvox/coordinator';
import type { Job } from '@fedvox/job';
import type { WrittenWeights } from '@fedvox/learning';

/**
 * Fetches a global model and keeps it with its job, as one file; what was at `path` stays until that
 * is whole.
 * @param sha256 by which the coordinator knows the model
 * @returns what the file is known by
 */
export async function fetchModel(
  client: Pick<CoordinatorClient, 'getBlob'>,
  sha256: Sha256,
  path: string,
  job: Job,
): Promise<WrittenWeights> {
  // Heavy, and needed only here.
  const { saveGlobalModel } = await import('@fedvox/learning');
  const bare = `${path}.part`;
  try {
    await client.getBlob(sha256, bare);
    return await saveGlobalModel(path, job, { path: bare, sha256 });
  } finally {
    await rm(bare, { force: true });
  }
}
