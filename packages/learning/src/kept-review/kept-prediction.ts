import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
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
    const bytes = await promisify(gunzip)(await readFile(path));
    const start = bytes.length - voxelCount(grid);
    if (start < 0) throw new Error('it holds fewer voxels than its scan');
    const data = new Uint8Array(bytes.buffer, bytes.byteOffset + start, voxelCount(grid));
    return { shape: grid.shape, affineRas: grid.affineRas, data };
  } catch (cause) {
    throw fail('review-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}
