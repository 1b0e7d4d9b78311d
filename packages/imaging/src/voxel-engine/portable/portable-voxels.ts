import type { VoxelEngine } from '../voxel-engine.js';
import { convolved } from './convolution.js';
import { displacedLinear, displacedNearest } from './displacement.js';
import { evenly, noisy, raised, shaded } from './intensities.js';
import { linear, nearest } from './sampling.js';

/** In TypeScript on the calling thread, wherever Node runs. */
export const portableVoxels: VoxelEngine = {
  name: 'portable',
  linear,
  nearest,
  displacedLinear,
  displacedNearest,
  convolved,
  evenly,
  noisy,
  raised,
  shaded,
};
