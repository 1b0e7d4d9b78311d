import { join } from 'node:path';
import type { CoordinatorConfig } from '../config.js';
import { BlobCache } from './blob-cache.js';
import { type BlobStore, FolderBlobs, foldersOf } from './blob-store.js';
import { type BucketSurroundings, S3Bucket } from './bucket.js';
import { BucketBlobs } from './bucket-blobs.js';
import { CACHE_FOLDER } from './state-files.js';

/**
 * Opens the blobs that the configuration names.
 * @throws FedvoxError `coordinator/bucket-…`
 */
export async function openConfiguredBlobs(
  { stateDir, blobs }: Pick<CoordinatorConfig, 'stateDir' | 'blobs'>,
  surroundings: BucketSurroundings,
): Promise<BlobStore> {
  const own = foldersOf(stateDir);
  if (blobs === undefined) return FolderBlobs.open(own);
  if (typeof blobs === 'string') return FolderBlobs.open({ ...own, blobs });
  const bucket = await S3Bucket.open(blobs, surroundings);
  const folders = { ...own, blobs: join(stateDir, CACHE_FOLDER) };
  const cache = await BlobCache.open(folders, blobs.cacheBytes, surroundings.clock);
  return new BucketBlobs(bucket, cache, own.incoming);
}
