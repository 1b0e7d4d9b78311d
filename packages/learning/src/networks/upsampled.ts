import { upsample3d } from '@fedvox/tfjs-backend-torch';
import type { Layer } from './layer.js';

/** MONAI's `UpSample` with `mode=NONTRAINABLE`: trilinear, by the outer corners of the corner voxels. */
export function upsampled(factor: number): Layer {
  return {
    parameters: [],
    apply(x) {
      const [, depth, height, width] = x.shape;
      return upsample3d(x, { size: [factor * depth, factor * height, factor * width] });
    },
  };
}
