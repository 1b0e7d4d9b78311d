// The engine against PyTorch of the same libtorch: as its users run it by default (float32, contiguous)
// and at its best, which on a processor with bfloat16 is autocast with channels last; each side at the
// fastest of its settings. Also what one small operator costs to dispatch.

import { registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { compare } from './training/compare.mjs';
import { duel } from './training/duel.mjs';

const SMALL = {
  channels: [16, 32, 64, 128],
  strides: [2, 2, 2],
  residualUnits: 2,
  classes: 3,
  shape: [4, 48, 64, 48],
};
/** MONAI's example size: 4.8 million parameters. */
const LARGE = {
  channels: [16, 32, 64, 128, 256],
  strides: [2, 2, 2, 2],
  residualUnits: 2,
  classes: 3,
  shape: [2, 96, 96, 96],
};

/** `--threads=N` instead of one for each core. */
export async function run({ args, log }) {
  const threads = args.threads === undefined ? undefined : Number(args.threads);
  const small = await duel(SMALL, { warmUp: 2, turns: 7, stepsPerTurn: 3, threads, log });
  const names = Object.keys(small);
  const large = await duel(LARGE, { warmUp: 1, turns: 5, stepsPerTurn: 1, threads, names, log });
  const { small_memory_vs_best, ...ofSmall } = compare('small', small, SMALL.shape[0]);
  const { large_memory_vs_best, ...ofLarge } = compare('large', large, LARGE.shape[0]);
  return {
    figures: {
      ...ofSmall,
      ...ofLarge,
      peak_memory_vs_best: Math.max(small_memory_vs_best, large_memory_vs_best),
      small_operator_us: await smallOperatorMicroseconds(),
    },
  };
}

/** One dispatched operator on a tensor of four numbers, without what tfjs adds around a kernel. */
async function smallOperatorMicroseconds() {
  await registerTorchBackend({ threads: 1 });
  const { native } = tf.backend();
  const add = native.resolveOperator('aten::add.Tensor');
  const x = native.fromTypedArray(new Float32Array(4), [4], 6, 'cpu');
  const calls = 200_000;
  const passes = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (let call = 0; call < calls; call++) native.release(native.runOperator(add, x, x));
    return ((performance.now() - start) * 1000) / calls;
  });
  native.release(x);
  return Math.min(...passes);
}
