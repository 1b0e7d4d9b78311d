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
  const rates = Object.entries(sides).map(([side, { step }]) => [
    `${side}_volumes_per_s`,
    WORKLOAD.shape[0] / step,
  ]);
  return {
    figures: {
      ratio_to_pytorch: sides.pytorch_fp32.step / sides.ours_fp32.step,
      ...Object.fromEntries(rates),
    },
  };
}
