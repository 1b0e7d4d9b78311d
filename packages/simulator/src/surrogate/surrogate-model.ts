import { encodeWeights, tensorOf, type Weights } from '@fedvox/weights';

/** What a model without a network consists of: two tensors, so that what goes by tensors has something to go by. */
const TRUNK = 'trunk.weight';
const HEAD = 'head.weight';
/** So many times as long is the one as the other. */
const TRUNK_PARTS = 3;

export function weightsOf(values: Float32Array): Weights {
  const head = Math.ceil(values.length / (TRUNK_PARTS + 1));
  const tensor = (data: Float32Array) => ({ shape: [data.length], data });
  return new Map([
    [HEAD, tensor(values.subarray(0, head))],
    // A model of one value has no trunk.
    ...(head < values.length ? [[TRUNK, tensor(values.subarray(head))] as const] : []),
  ]);
}

/** Of a model that `weightsOf` made, or of something of its shape. */
export function valuesOf(weights: Weights): Float32Array {
  const head = tensorOf(weights, HEAD).data;
  const trunk = weights.get(TRUNK)?.data ?? new Float32Array(0);
  const values = new Float32Array(head.length + trunk.length);
  values.set(head);
  values.set(trunk, head.length);
  return values;
}

/** The model that every job begins with: nothing is known yet. */
export function firstSurrogateModel(parameters: number): Uint8Array {
  return encodeWeights(weightsOf(new Float32Array(parameters)));
}
