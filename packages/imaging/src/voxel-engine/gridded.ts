import type { LabelMap, Volume } from '../geometry/grid.js';
import type { Voxels } from './voxel-engine.js';

/** What transforms work on: a scan or its label map. */
export type Gridded = Volume | LabelMap;

/** New voxels of the source's type, all 0. */
export function voxelsLike<S extends { readonly data: Voxels }>(
  { data }: S,
  count: number,
): S['data'] {
  return data instanceof Uint8Array ? new Uint8Array(count) : new Float32Array(count);
}
