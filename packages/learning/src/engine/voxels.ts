import { portableVoxels, type VoxelEngine } from '@fedvox/imaging';
import { registeredTorch } from '@fedvox/tfjs-backend-torch';
import type { EngineInfo } from './engine.js';
import { torchVoxels } from './torch-voxels.js';

/** What works on voxels beside an engine: libtorch where it is the engine, on its device. */
export function voxelEngineOf({ name }: Pick<EngineInfo, 'name'>): VoxelEngine {
  return name === 'torch' ? torchVoxels(registeredTorch) : portableVoxels;
}
