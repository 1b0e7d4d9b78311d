// The training step of the hippocampus job's network, ours beside plain PyTorch's of the same libtorch.
// ratio_to_pytorch compares like with like: float32 on both sides, PyTorch as MONAI's tutorials run it.

import { duel } from './training/duel.mjs';

const WORKLOAD = {
  channels: [16, 32, 64, 128],
  strides: [2, 2, 2],
  residualUnits: 2,
  classes: 3,
  shape: [4, 48, 64, 48],
};

/** `--threads=N` instead of one for each core. */
export async function run({ args, log }) {
  const threads = args.threads === undefined ? undefined : Number(args.threads);
  const sides = await duel(WORKLOAD, { warmUp: 3, turns: 6, stepsPerTurn: 3, threads, log });
  const rate = (side) => WORKLOAD.shape[0] / sides[side].step;
  return {
    figures: {
      volumes_per_s: rate('ours_fp32'),
      pytorch_volumes_per_s: rate('pytorch_fp32'),
      ratio_to_pytorch: rate('ours_fp32') / rate('pytorch_fp32'),
      bf16_volumes_per_s: rate('ours_bf16'),
      pytorch_bf16_volumes_per_s: rate('pytorch_bf16'),
      bf16_ratio_to_pytorch_bf16: rate('ours_bf16') / rate('pytorch_bf16'),
    },
  };
}
