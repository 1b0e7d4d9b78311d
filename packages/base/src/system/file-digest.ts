import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Sha256 } from '../digest.js';

/** Digest of a file's bytes, read as a stream. */
export async function sha256File(path: string): Promise<Sha256> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
