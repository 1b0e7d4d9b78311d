import { answerRequests } from '@fedvox/base/threads';
import { portableVoxels, type VoxelEngine, type VoxelEngineName } from '@fedvox/imaging/transforms';
import { torchAlone } from '@fedvox/tfjs-backend-torch/volumes';
import { torchVoxels } from '../engine/torch-voxels.js';
import { buffersOf, type PreparationRequest } from './preparation-request.js';
import { directPreparer } from './preparer.js';

/** The program of a thread that prepares cases, on the processor. It loads little, so that it starts quickly. */
const engines = new Map<VoxelEngineName, VoxelEngine>([['portable', portableVoxels]]);

answerRequests(({ source, steps, seed, voxels: name }: PreparationRequest) => {
  const voxels = engines.get(name) ?? torchVoxels(torchAlone());
  engines.set(name, voxels);
  return directPreparer.prepared(source, { steps, seed, voxels });
}, buffersOf);
