// The engine against PyTorch of the same libtorch: as its users run it by default (float32, contiguous)
// and at its best, which on a processor with bfloat16 is autocast with channels last; each side at the
// fastest of its settings. Also what one small operator costs to dispatch.

import { registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
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
  return {
    figures: {
      ...compare('small', small),
      ...compare('large', large),
      peak_memory_vs_best: Math.max(memoryVersusBest(small), memoryVersusBest(large)),
      small_operator_us: await smallOperatorMicroseconds(),
    },
  };
}

/** Of those sides whose name starts so, the one with the shortest step. */
function fastest(sides, whose) {
  const entries = Object.entries(sides).filter(([name]) => name.startsWith(whose));
  return entries.reduce((best, [, side]) => (side.step < best.step ? side : best), entries[0][1]);
}

function compare(size, sides) {
  const ours = fastest(sides, 'ours').step;
  return {
    [`${size}_vs_default`]: sides.pytorch_fp32.step / ours,
    [`${size}_vs_best`]: fastest(sides, 'pytorch').step / ours,
    [`${size}_fp32_vs_default`]: sides.pytorch_fp32.step / sides.ours_fp32.step,
    [`${size}_volumes_per_s`]: (size === 'small' ? SMALL : LARGE).shape[0] / ours,
  };
}

function memoryVersusBest(sides) {
  return fastest(sides, 'ours').peakBytes / fastest(sides, 'pytorch').peakBytes;
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
