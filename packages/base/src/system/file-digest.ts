import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Sha256 } from '../digest.js';

/** Large enough that asking for it costs nothing beside hashing it, and short enough to wait for. */
const PIECE_BYTES = 1024 * 1024;

/** Digest of a file's bytes, read piece by piece into the same memory. */
export async function sha256File(path: string): Promise<Sha256> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, (await file.stat()).size + 1));
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
