export {
  type Case,
  type CaseRef,
  contentKey,
  type Dataset,
  type LabelledCase,
} from './datasets/case.js';
export { type OpenDatasetOptions, openDataset } from './datasets/dataset.js';
export { loadCase } from './datasets/load-case.js';
export { type DatasetSpec, datasetSpecSchema } from './datasets/spec.js';
export { type Affine, invert as invertAffine } from './geometry/affine.js';
export {
  type Grid,
  type LabelMap,
  orientation,
  spacingMm,
  type Volume,
  voxelCount,
  voxelMl,
} from './geometry/grid.js';
export type { Vec3 } from './geometry/vector.js';
export { readNifti } from './nifti/read.js';
export { encodeNifti, writeNifti } from './nifti/write.js';
export type { Refusal } from './refusal.js';
export { augment } from './transforms/augment.js';
export { preprocess } from './transforms/preprocess.js';
export { probabilitiesToGrid, toOriginalGrid } from './transforms/restore.js';
