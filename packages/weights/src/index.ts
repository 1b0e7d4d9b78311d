export { type ByteReader, decoded, encodedLayout, encodeInto } from './encodings/encoded.js';
export type { Encoding } from './encodings/encoding.js';
export { residualOf, withResidual } from './encodings/residual.js';
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
  slicesOf,
  type TensorReader,
  type TensorSource,
  VALUES_PER_SLICE,
} from './tensor-source.js';
export {
  decodeMetadata,
  decodeWeights,
  encodeWeights,
  littleEndianBytes,
  tensorOf,
  type Weights,
  type WeightTensor,
} from './weights.js';
