// The step of the larger networks, ours beside MONAI's own on PyTorch of the same libtorch, as `engine` has it: PyTorch by
// default and at its best, each side at the fastest of its settings. MONAI is found as Python finds it (`pip install monai`
// beside that torch, or PYTHONPATH).
import { networkSchema } from '@fedvox/job';
import { compare } from './training/compare.mjs';
import { duel } from './training/duel.mjs';

const PATCH = [1, 96, 96, 96];
const CLASSES = 3;
const FILTERS = [32, 64, 128, 256, 320];
const ENDS = { in_channels: 1, out_channels: CLASSES };
const NETWORKS = {
  segresnet: {
    own: { kind: 'segresnet', initFilters: 16 },
    monai: { name: 'SegResNet', arguments: { ...ENDS, spatial_dims: 3, init_filters: 16 } },
  },
  dynunet: {
    own: { kind: 'dynunet', filters: FILTERS, strides: [2, 2, 2, 2] },
    monai: {
      name: 'DynUNet',
      arguments: {
        ...ENDS,
        spatial_dims: 3,
        filters: FILTERS,
        kernel_size: [3, 3, 3, 3, 3],
        strides: [1, 2, 2, 2, 2],
        upsample_kernel_size: [2, 2, 2, 2],
      },
    },
  },
  swin_unetr: {
    own: { kind: 'swin-unetr', featureSize: 24 },
    monai: { name: 'SwinUNETR', arguments: { ...ENDS, feature_size: 24 } },
  },
};

/** `--networks=dynunet,…` some of them; `--turns=N`; `--threads=N` instead of one for each core. */
export async function run({ args, log }) {
  const threads = args.threads === undefined ? undefined : Number(args.threads);
  const turns = Number(args.turns ?? 5);
  const figures = {};
  for (const name of String(args.networks ?? Object.keys(NETWORKS).join()).split(',')) {
    const { own, monai } = NETWORKS[name];
    const workload = { network: networkSchema.parse(own), monai, classes: CLASSES, shape: PATCH };
    log(`${name}:`);
    const sides = await duel(workload, { warmUp: 1, turns, stepsPerTurn: 1, threads, log });
    Object.assign(figures, compare(name, sides, PATCH[0]));
  }
  return { figures };
}
