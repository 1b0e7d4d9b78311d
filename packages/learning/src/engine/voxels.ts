import { portableVoxels, storedValues, type VoxelEngine } from '@fedvox/imaging';
import {
  convolveVolume,
  displaceVolume,
  displaceVolumeNearest,
  sampleVolume,
  sampleVolumeNearest,
} from '@fedvox/tfjs-backend-torch';
import type { EngineInfo } from './engine.js';

/** What resamples and deforms voxels beside an engine: libtorch where it is the engine, on its device. */
export function voxelEngineOf({ name }: Pick<EngineInfo, 'name'>): VoxelEngine {
  return name === 'torch' ? torchVoxels : portableVoxels;
}

const torchVoxels: VoxelEngine = {
  linear: (source, ...grid) =>
    'stored' in source
      ? sampleVolume({ shape: source.shape, data: storedValues(source) }, ...grid)
      : sampleVolume(source, ...grid),
  nearest: sampleVolumeNearest,
  displacedLinear: displaceVolume,
  displacedNearest: displaceVolumeNearest,
  convolved: convolveVolume,
};
