export type { Precision, TorchMemory } from './backend.js';
export type { DeviceName } from './device.js';
export { addToRegion } from './ops/add-to-region.js';
export { type ClippedByNorm, clipByGlobalNorm, clipByValue } from './ops/clipping.js';
export {
  type Conv3dOptions,
  type Conv3dTransposeOptions,
  conv3d,
  conv3dTranspose,
} from './ops/conv3d.js';
export { type AdamOptions, FusedAdam } from './ops/fused-adam.js';
export { FusedOptimizer } from './ops/fused-optimizer.js';
export { FusedSgd, type SgdOptions } from './ops/fused-sgd.js';
export { gelu } from './ops/gelu.js';
export { GradientAccumulator } from './ops/gradient-accumulator.js';
export { layerNorm } from './ops/layer-norm.js';
export { linear } from './ops/linear.js';
export {
  type BatchNormed,
  batchNorm,
  groupNorm,
  instanceNorm,
  instanceNormPrelu,
  type NormOptions,
} from './ops/norms.js';
export { prelu } from './ops/prelu.js';
export { type SoftmaxSums, softmaxSums } from './ops/softmax-sums.js';
export { type UpsampleOptions, upsample3d } from './ops/upsample3d.js';
export { variableGradients } from './ops/variable-gradients.js';
export { type WindowMasks, windowAttention } from './ops/window-attention.js';
export { registeredTorch } from './registered-backend.js';
export {
  liveTensorCount,
  registerGradients,
  registerTorchBackend,
  setPrecision,
  type TorchAvailability,
  type TorchBackendInfo,
  type TorchBackendOptions,
  torchAvailability,
} from './registration.js';
