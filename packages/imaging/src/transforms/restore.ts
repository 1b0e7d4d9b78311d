import { assert } from '@fedvox/base';
import { type Grid, type LabelMap, type Volume, voxelCount } from '../geometry/grid.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';
import { sampleLinear, sampleNearest } from './grid-sampling.js';

/** A predicted label map on the grid of the original scan: nearest voxel, background beyond it. */
export function toOriginalGrid(
  prediction: LabelMap,
  original: Grid,
  voxels: VoxelEngine = portableVoxels,
): LabelMap {
  return sampleNearest(prediction, gridOf(original), 'zero', voxels);
}

/**
 * Class probabilities on the grid of the original scan, each interpolated before the largest one is
 * taken, which keeps borders smoother than labels do. Beyond the prediction, and in a tie, the class
 * listed first: background.
 * @param probabilities one volume per class, all on one grid
 */
export function probabilitiesToGrid(
  probabilities: readonly Volume[],
  original: Grid,
  voxels: VoxelEngine = portableVoxels,
): LabelMap {
  assert(probabilities.length > 0 && probabilities.length <= 256, 'a class index fits a byte');
  const grid = gridOf(original);
  const best = new Float32Array(voxelCount(grid));
  const data = new Uint8Array(best.length);
  for (const [classIndex, volume] of probabilities.entries()) {
    const { data: candidate } = sampleLinear(volume, grid, 'zero', voxels);
    for (let at = 0; at < data.length; at++) {
      if ((candidate[at] as number) > (best[at] as number)) {
        best[at] = candidate[at] as number;
        data[at] = classIndex;
      }
    }
  }
  return { ...grid, data };
}

/** One map of probabilities on the grid of the original scan, interpolated; 0 beyond it. */
export function volumeToGrid(
  map: Volume,
  original: Grid,
  voxels: VoxelEngine = portableVoxels,
): Volume {
  return sampleLinear(map, gridOf(original), 'zero', voxels);
}

function gridOf({ shape, affineRas }: Grid): Grid {
  return { shape, affineRas };
}
