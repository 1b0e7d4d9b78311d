export type { Precision, TorchMemory } from './backend.js';
export {
  type Conv3dOptions,
  type Conv3dTransposeOptions,
  conv3d,
  conv3dTranspose,
} from './ops/conv3d.js';
export { type AdamOptions, FusedAdam } from './ops/fused-adam.js';
export { type InstanceNormOptions, instanceNorm } from './ops/instance-norm.js';
export { prelu } from './ops/prelu.js';
export {
  liveTensorCount,
  registerGradients,
  registerTorchBackend,
  setPrecision,
  type TorchAvailability,
  type TorchBackendOptions,
  torchAvailability,
} from './registration.js';
