export {
  checkWritten,
  decodeHeader,
  elementCount,
  encodeHeader,
  headerByteLength,
  type Layout,
  MAX_HEADER_BYTES,
  type Metadata,
  type TensorEntry,
  type TensorSpec,
} from './layout.js';
export {
  decodeMetadata,
  decodeWeights,
  encodeWeights,
  tensorOf,
  type Weights,
  type WeightTensor,
} from './weights.js';
export { WeightsFile, writeWeightsFile } from './weights-file.js';
