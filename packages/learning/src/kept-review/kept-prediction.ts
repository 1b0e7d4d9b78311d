import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errorText } from '@fedvox/base';
import { type Grid, type LabelMap, voxelCount, writeVolumeFile } from '@fedvox/imaging';
import { fail } from '../errors.js';

/** Writes what a model drew, as a label map that other programs open too. */
export function keepPrediction(folder: string, name: string, prediction: LabelMap): Promise<void> {
  return writeVolumeFile(join(folder, name), prediction);
}

/**
 * Class indices on a grid, of a file that `keepPrediction` wrote: a byte for each voxel, the file's last. A volume's
 * reader would make four bytes of each.
 * @throws FedvoxError `learning/review-unreadable`
 */
export async function readPrediction(folder: string, name: string, grid: Grid): Promise<LabelMap> {
  const path = join(folder, name);
  try {
    const data = new Uint8Array(voxelCount(grid));
    await pipeline(createReadStream(path), createGunzip(), (bytes) => fillFromEnd(data, bytes));
    return { shape: grid.shape, affineRas: grid.affineRas, data };
  } catch (cause) {
    throw fail('review-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/** The last bytes of a stream whose beginning is a header; no more than those and a piece of it is in memory. */
async function fillFromEnd(data: Uint8Array, bytes: AsyncIterable<Buffer>): Promise<void> {
  let filled = 0;
  for await (const piece of bytes) {
    const over = Math.max(0, filled + piece.length - data.length);
    // What does not fit pushes out as much of what came first.
    const kept = Math.max(0, filled - over);
    if (over > 0) data.copyWithin(0, filled - kept, filled);
    data.set(piece.subarray(Math.max(0, piece.length - data.length)), kept);
    filled = Math.min(data.length, filled + piece.length);
  }
  if (filled < data.length) throw new Error('it holds fewer voxels than its scan');
}
