import type { LabelMap, Volume } from '../geometry/grid.js';

/** What transforms work on: a scan or its label map. */
export type Gridded = Volume | LabelMap;

/** New voxels of the source's type, all 0. */
export function voxelsLike<G extends Gridded>(source: G, count: number): G['data'] {
  return source.data instanceof Uint8Array ? new Uint8Array(count) : new Float32Array(count);
}
