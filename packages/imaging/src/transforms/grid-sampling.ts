import { type Affine, invert, multiply } from '../geometry/affine.js';
import { assertUsable, type Grid, type Volume } from '../geometry/grid.js';
import type { Scan } from '../geometry/stored-volume.js';
import type { Gridded } from '../voxel-engine/gridded.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { Outside, VoxelEngine } from '../voxel-engine/voxel-engine.js';

/** The values of a scan at the voxels of another grid, trilinear. */
export function sampleLinear(
  source: Scan,
  target: Grid,
  outside: Outside,
  voxels: VoxelEngine = portableVoxels,
): Volume {
  assertUsable(target);
  const data = voxels.linear(source, indexTransform(source, target), target.shape, outside);
  return { ...target, data };
}

/** As `sampleLinear`, with the nearest voxel. */
export function sampleNearest<G extends Gridded>(
  source: G,
  target: Grid,
  outside: Outside,
  voxels: VoxelEngine = portableVoxels,
): G {
  assertUsable(target);
  const indexOf = indexTransform(source, target);
  const data = voxels.nearest<G['data']>(source, indexOf, target.shape, outside);
  return { ...source, ...target, data };
}

/** From a voxel's index in the target to its index in the source. */
function indexTransform(source: Grid, target: Grid): Affine {
  return multiply(invert(source.affineRas), target.affineRas);
}
