import type { VoxelEngine } from '../voxel-engine.js';
import { convolved } from './convolution.js';
import { displacedLinear, displacedNearest } from './displacement.js';
import { linear, nearest } from './sampling.js';

/** In TypeScript on the calling thread, wherever Node runs. */
export const portableVoxels: VoxelEngine = {
  linear,
  nearest,
  displacedLinear,
  displacedNearest,
  convolved,
};
