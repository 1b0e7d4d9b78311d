import { storedValues, type VoxelEngine } from '@fedvox/imaging/transforms';
import {
  addNormals,
  convolveVolume,
  displaceVolume,
  displaceVolumeNearest,
  drawEvenly,
  type OpenTorch,
  raiseVolume,
  sampleVolume,
  sampleVolumeNearest,
  shadeVolume,
} from '@fedvox/tfjs-backend-torch/volumes';

/** Voxels by libtorch. */
export function torchVoxels(open: OpenTorch): VoxelEngine {
  return {
    name: 'torch',
    linear: (source, ...grid) =>
      'stored' in source
        ? sampleVolume(open, { shape: source.shape, data: storedValues(source) }, ...grid)
        : sampleVolume(open, source, ...grid),
    nearest: (source, ...grid) => sampleVolumeNearest(open, source, ...grid),
    displacedLinear: (source, offsets) => displaceVolume(open, source, offsets),
    displacedNearest: (source, offsets) => displaceVolumeNearest(open, source, offsets),
    convolved: (source, kernel) => convolveVolume(open, source, kernel),
    evenly: (count, bound, { state }) => drawEvenly(open, count, bound, state),
    noisy: (source, deviation, { state }) => addNormals(open, source, deviation, state),
    raised: (source, ...scaling) => raiseVolume(open, source, ...scaling),
    shaded: (source, field) => shadeVolume(open, source, field),
  };
}
