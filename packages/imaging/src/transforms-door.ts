// Random steps, without whatever reads files: the door `@fedvox/imaging/transforms`, for threads that start quickly.
export type { Case } from './geometry/case.js';
export { storedValues } from './geometry/stored-volume.js';
export { augment } from './transforms/augment.js';
export { portableVoxels } from './voxel-engine/portable/portable-voxels.js';
export type { VoxelEngine, VoxelEngineName } from './voxel-engine/voxel-engine.js';
