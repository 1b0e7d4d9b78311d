import type { KernelConfig } from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import {
  type AttentionAttributes,
  type WindowSlice,
  windowSlices,
} from '../ops/window-attention.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

type Attended = { projected: Handle; bias: Handle; masks: Handle };

export const attentionKernels: readonly KernelConfig[] = [
  kernel<Attended, AttentionAttributes>('FedvoxWindowAttention', (t, inputs, { kinds }) => {
    const parts = slicesOf(t, inputs, kinds).flatMap((windows) =>
      t.within((t) => {
        const { probabilities, values } = attended(t, inputs, windows);
        return [joinedHeads(t, [t.run('matmul', t.lowered(probabilities), values)])];
      }),
    );
    return t.run('cat', parts, 0);
  }),
  kernel<Attended & { dy: Handle }, AttentionAttributes>(
    'FedvoxWindowAttentionGradients',
    (t, { dy, ...inputs }, { kinds }) => {
      const dbias = t.full(t.shape(inputs.bias), 0, ScalarType.float32);
      const parts = slicesOf(t, inputs, kinds).flatMap((windows) =>
        t.within((t) => [gradientsOf(t, dy, inputs, windows, dbias)]),
      );
      return [t.run('cat', parts, 0), dbias];
    },
  ),
];

function slicesOf(t: Torch, { projected, bias }: Attended, kinds: readonly number[]) {
  const [heads] = t.shape(bias) as [number];
  return windowSlices(t.shape(projected) as [number, number], heads, kinds);
}

/** Of some windows' queries, keys and values; what they add to the bias's gradient is added to `dbias`. */
function gradientsOf(
  t: Torch,
  dy: Handle,
  inputs: Attended,
  windows: WindowSlice,
  dbias: Handle,
): Handle {
  const { probabilities, queries, keys, values, scale } = attended(t, inputs, windows);
  const [gradient] = separateHeads(t, dy, windows, t.shape(inputs.bias)[0] as number, 1) as [
    Handle,
  ];
  const ofProbabilities = t.full32(t.run('matmul', gradient, turned(t, values)));
  const softmax = [ofProbabilities, probabilities, -1, ScalarType.float32] as const;
  const ofLogits = t.run('_softmax_backward_data', ...softmax);
  t.mutate('add_.Tensor', dbias, t.run('sum.dim_IntList', ofLogits, [0]));
  const scaled = (x: Handle) => t.run('mul.Scalar', x, scale);
  const lowered = t.lowered(ofLogits);
  return joinedHeads(t, [
    scaled(t.run('matmul', lowered, keys)),
    scaled(t.run('matmul', turned(t, lowered), queries)),
    t.run('matmul', turned(t, t.lowered(probabilities)), gradient),
  ]);
}

function attended(t: Torch, { projected, bias, masks }: Attended, windows: WindowSlice) {
  const [heads] = t.shape(bias) as [number];
  const [queries, keys, values] = separateHeads(t, projected, windows, heads, 3) as [
    Handle,
    Handle,
    Handle,
  ];
  const scale = (t.shape(queries)[3] as number) ** -0.5;
  const scaled = t.run('mul.Scalar', queries, scale);
  const logits = t.full32(t.run('matmul', scaled, turned(t, keys)));
  t.mutate('add_.Tensor', logits, bias);
  for (const [window, kind] of windows.kinds.entries()) {
    if (kind === 0) continue;
    const mask = t.run('narrow', masks, 0, kind - 1, 1);
    t.mutate('add_.Tensor', t.run('narrow', logits, 0, window, 1), mask);
  }
  return { probabilities: t.run('softmax.int', logits, -1), queries, keys, values, scale };
}

/** Of [all windows, tokens, sides·heads·d] one [windows, heads, tokens, d] for each side. */
function separateHeads(
  t: Torch,
  x: Handle,
  { begin, count }: WindowSlice,
  heads: number,
  sides: number,
): Handle[] {
  const [, tokens, channels] = t.shape(x) as [number, number, number];
  const part = t.lowered(t.run('narrow', x, 0, begin, count));
  const apart = t.run('reshape', part, [count, tokens, sides, heads, channels / (sides * heads)]);
  const turned = t.run('contiguous', t.run('permute', apart, [2, 0, 3, 1, 4]));
  return t.runMany('unbind.int', turned, 0) as Handle[];
}

/** The inverse: sides of [windows, heads, tokens, d] as [windows, tokens, sides·heads·d]. */
function joinedHeads(t: Torch, sides: readonly Handle[]): Handle {
  const [windows, heads, tokens, d] = t.shape(sides[0] as Handle) as [
    number,
    number,
    number,
    number,
  ];
  const turned = t.run('permute', t.run('stack', sides, 0), [1, 3, 0, 2, 4]);
  return t.run('reshape', turned, [windows, tokens, sides.length * heads * d]);
}

const turned = (t: Torch, matrices: Handle) => t.run('transpose.int', matrices, -2, -1);
