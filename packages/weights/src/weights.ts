import { fail } from './errors.js';
import {
  decodeHeader,
  encodeHeader,
  headerByteLength,
  type Layout,
  type Metadata,
} from './layout.js';

export interface WeightTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** A model's parameters by their state-dict name. */
export type Weights = ReadonlyMap<string, WeightTensor>;

/** Whole weights as safetensors bytes: same weights and metadata, same bytes. */
export function encodeWeights(weights: Weights, metadata: Metadata = {}): Uint8Array {
  const specs = [...weights].map(([name, { shape }]) => ({ name, shape }));
  const { header, layout } = encodeHeader(specs, metadata);
  const bytes = new Uint8Array(layout.byteLength);
  bytes.set(header);
  for (const { name, byteOffset } of layout.tensors) {
    bytes.set(littleEndianBytes(tensorOf(weights, name).data), byteOffset);
  }
  return bytes;
}

/**
 * Whole weights from safetensors bytes; each tensor is a copy.
 * @param isLeftOut by its name, a tensor that is not wanted, of whatever type; all are where absent
 * @throws FedvoxError `weights/not-safetensors`, `weights/unsupported-dtype`
 */
export function decodeWeights(bytes: Uint8Array, isLeftOut?: (name: string) => boolean): Weights {
  return new Map(
    layoutOf(bytes, isLeftOut).tensors.map(({ name, shape, byteOffset, byteLength }) => {
      // Not `slice`: a Buffer's is a view, and its memory may be shared and unaligned.
      const copy = new Uint8Array(bytes.subarray(byteOffset, byteOffset + byteLength));
      return [name, { shape, data: new Float32Array(copy.buffer) }];
    }),
  );
}

/** What safetensors bytes say of themselves. @throws FedvoxError as `decodeWeights` */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  return layoutOf(bytes).metadata;
}

function layoutOf(bytes: Uint8Array, isLeftOut?: (name: string) => boolean): Layout {
  const jsonLength = headerByteLength(bytes);
  if (8 + jsonLength > bytes.length) throw fail('not-safetensors', { reason: 'truncated header' });
  return decodeHeader(bytes.subarray(8, 8 + jsonLength), bytes.length, isLeftOut);
}

/** @throws FedvoxError `weights/no-such-tensor` */
export function tensorOf(weights: Weights, name: string): WeightTensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw fail('no-such-tensor', { tensor: name });
  return tensor;
}

/** The bytes of numbers as the file holds them: every platform of Node is little-endian. */
export function littleEndianBytes(data: Float32Array | Uint16Array | Int8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
