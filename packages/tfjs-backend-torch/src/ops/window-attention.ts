import {
  add,
  addN,
  concat,
  expandDims,
  gather,
  matMul,
  mul,
  pad,
  type Rank,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  tidy,
  transpose,
  unstack,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectShapes, misfit } from './fit.js';
import { type Operation, run, runAll } from './operation.js';

/** What is added to the logits of some windows, beside the bias that all have. */
export interface WindowMasks {
  /** [masks, tokens, tokens] */
  readonly values: Tensor3D;
  /** For each window of a sample, in their order, which mask it has, from 1 on; 0 for none. */
  readonly kinds: readonly number[];
}

const SHAPES = {
  ...{ projected: ['W', 'T', 'C'], bias: ['heads', 'T', 'T'] },
  masks: ['masks', 'T|1', 'T|1'],
};
const PROBLEM =
  'C is of 3 times the heads, W of whole samples of as many windows as have kinds, of the masks that there are';

/**
 * Attention of several heads within each window by itself: softmax(q·kᵀ / √d + bias + mask)·v, with d channels
 * a head (Vaswani et al. 2017, arXiv:1706.03762; the bias as in Liu et al. 2021, arXiv:2103.14030). What stands
 * between, tokens² values a head and window, is there for some windows at a time, and computed anew for the
 * gradients, so that memory grows with the tokens alone.
 * @param projected [windows, tokens, 3·channels]: queries, keys and values, the heads of each side by side
 * @param bias [heads, tokens, tokens], with a gradient
 * @returns [windows, tokens, channels]
 * @throws FedvoxError `torch/misfit`
 */
export function windowAttention(
  projected: Tensor3D,
  bias: Tensor3D,
  masks?: WindowMasks,
): Tensor3D {
  return tidy(() => {
    const { values, kinds } = masks ?? { values: zeros<Rank.R3>([1, 1, 1]), kinds: [0] };
    expectShapes('windowAttention', { projected, bias, masks: values }, SHAPES);
    const [windows, , channels] = projected.shape;
    const isWhole = channels % (3 * bias.shape[0]) === 0 && windows % kinds.length === 0;
    if (!isWhole || !kinds.every((kind) => kind <= values.shape[0])) {
      throw misfit('windowAttention', { projected, bias, masks: values }, PROBLEM);
    }
    return run(forward, { projected, bias, masks: values }, { kinds });
  });
}

export type Attended = { projected: Tensor3D; bias: Tensor3D; masks: Tensor3D };
export type AttentionAttributes = { readonly kinds: readonly number[] };

const forward: Operation<Attended, AttentionAttributes> = {
  kernelName: 'FedvoxWindowAttention',
  composed: (inputs, { kinds }) => {
    const { projected, bias } = inputs;
    const parts = windowSlices(projected.shape, bias.shape[0], kinds).map((slice) =>
      tidy(() => {
        const { probabilities, values } = attended(inputs, slice);
        return joinedHeads(matMul(probabilities, values));
      }),
    );
    return concat(parts);
  },
  gradient: {
    inputsToSave: ['projected', 'bias', 'masks'],
    of: (dy, saved, attributes) => {
      const [projected, bias, masks] = saved as [Tensor3D, Tensor3D, Tensor3D];
      // Both are made of the same passes; they go with the scope of the backward pass.
      const all = runAll(gradients, { dy: dy as Tensor3D, projected, bias, masks }, attributes);
      const [dprojected, dbias] = all as [Tensor, Tensor];
      return { projected: () => dprojected, bias: () => dbias };
    },
  },
};

const gradients: Operation<Attended & { dy: Tensor3D }, AttentionAttributes> = {
  kernelName: 'FedvoxWindowAttentionGradients',
  composed: ({ dy, ...inputs }, { kinds }) => {
    const { projected, bias } = inputs;
    const heads = bias.shape[0];
    const parts = windowSlices(projected.shape, heads, kinds).map((slice) =>
      tidy(() => {
        const { probabilities, queries, keys, values, scale } = attended(inputs, slice);
        const [gradient] = separateHeads(windowsOf(dy, slice), heads, 1) as [Tensor4D];
        const ofProbabilities = matMul(gradient, values, false, true);
        const weighed = mul(ofProbabilities, probabilities);
        const ofLogits = sub(weighed, mul(probabilities, sum(weighed, -1, true)));
        const ofQueries = mul(matMul(ofLogits, keys), scale);
        const ofKeys = mul(matMul(ofLogits, queries, true), scale);
        const ofValues = matMul(probabilities, gradient, true);
        const sides = [ofQueries, ofKeys, ofValues].map(joinedHeads);
        return { projected: concat(sides, 2), bias: sum(ofLogits, 0) };
      }),
    );
    return [concat(parts.map((part) => part.projected)), addN(parts.map((part) => part.bias))];
  },
};

/** Neighbouring windows, and the kind of each. */
export interface WindowSlice {
  readonly begin: number;
  readonly count: number;
  readonly kinds: readonly number[];
}

/** Values between the two products that are there at a time: what a processor's cache holds. */
const MAX_VALUES = 2 ** 19;

/** All windows of [windows, tokens, …], some at a time. */
export function windowSlices(
  [windows, tokens]: readonly [number, number, ...number[]],
  heads: number,
  kinds: readonly number[],
): WindowSlice[] {
  const atOnce = Math.max(1, Math.floor(MAX_VALUES / (heads * tokens * tokens)));
  return Array.from({ length: Math.ceil(windows / atOnce) }, (_, index) => {
    const begin = index * atOnce;
    const count = Math.min(atOnce, windows - begin);
    const kindOf = (_: unknown, window: number) => kinds[(begin + window) % kinds.length] as number;
    return { begin, count, kinds: Array.from({ length: count }, kindOf) };
  });
}

function attended({ projected, bias, masks }: Attended, windows: WindowSlice) {
  const heads = bias.shape[0];
  const part = windowsOf(projected, windows);
  const [queries, keys, values] = separateHeads(part, heads, 3) as [Tensor4D, Tensor4D, Tensor4D];
  const scale = queries.shape[3] ** -0.5;
  const logits = add(mul(matMul(queries, keys, false, true), scale), bias);
  const masked = windows.kinds.some((kind) => kind !== 0)
    ? add(logits, masksOf(masks, windows))
    : logits;
  return { probabilities: softmax(masked), queries, keys, values, scale };
}

/** [windows, 1, tokens, tokens] */
function masksOf(masks: Tensor3D, { kinds }: WindowSlice): Tensor {
  const withNone = pad(masks, [
    [1, 0],
    [0, 0],
    [0, 0],
  ]);
  return expandDims(gather(withNone, tensor1d([...kinds], 'int32')), 1);
}

const windowsOf = (x: Tensor3D, { begin, count }: WindowSlice): Tensor3D => slice(x, begin, count);

/** [windows, tokens, sides·heads·d] as one [windows, heads, tokens, d] for each side. */
function separateHeads(x: Tensor3D, heads: number, sides: number): Tensor[] {
  const [windows, tokens, channels] = x.shape;
  const apart = reshape(x, [windows, tokens, sides, heads, channels / (sides * heads)]);
  return unstack(transpose(apart, [2, 0, 3, 1, 4]));
}

/** The inverse of `separateHeads`, of one side. */
function joinedHeads(x: Tensor): Tensor3D {
  const [windows, heads, tokens, d] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [windows, tokens, heads * d]);
}
