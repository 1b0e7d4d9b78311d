import type { KernelConfig } from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

/*
 * ATen's own norms do not know a channels-last volume of few channels: its group norm's gradient takes
 * fifty times longer than these passes. A broadcast over few channels has a short innermost loop, so
 * voxels are taken together into rows that are long enough.
 */

type Groups = { groups: number };

export const groupNormKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle }, Groups & { epsilon: number }>(
    'FedvoxGroupNorm',
    (t, { x }, { groups, epsilon }) => {
      const rows = rowsOf(t, x, groups);
      const mean = rows.averages(x);
      const y = t.run('sub.Tensor', rows.of(x), rows.tiled(mean));
      const variance = rows.averages(t.run('square', y));
      const inverse = t.run('rsqrt', t.run('add.Scalar', variance, epsilon));
      t.mutate('mul_.Tensor', y, rows.tiled(inverse));
      return [t.run('reshape', y, t.shape(x)), inverse, mean];
    },
  ),
  // dx = (dy − mean(dy) − y · mean(dy · y)) / σ, with one multiplication and addition for each term.
  kernel<{ dy: Handle; y: Handle; inverse: Handle }, Groups>(
    'FedvoxGroupNormGradient',
    (t, { dy, y, inverse }, { groups }) => {
      const rows = rowsOf(t, y, groups);
      const alongMean = t.run('mul.Tensor', rows.averages(dy), inverse);
      const alongNormal = t.run('mul.Tensor', rows.averages(t.run('mul.Tensor', dy, y)), inverse);
      const minus = (values: Handle) => rows.tiled(t.run('neg', values));
      const dx = t.run('addcmul', minus(alongMean), rows.of(y), minus(alongNormal));
      t.mutate('addcmul_', dx, rows.of(dy), rows.tiled(inverse));
      return t.run('reshape', dx, t.shape(y));
    },
  ),
];

/** Aimed at for the innermost loop, in elements. */
const ROW_LENGTH = 256;

/** A volume [N, spatial…, C] seen as [N, rows, k·C], k voxels side by side in a row. */
function rowsOf(t: Torch, volume: Handle, groups: number) {
  const shape = t.shape(volume);
  const [batch, channels] = [shape[0] as number, shape.at(-1) as number];
  const voxels = shape.slice(1, -1).reduce((product, size) => product * size, 1);
  const perGroup = channels / groups;
  let perRow = 1;
  while (perRow * channels < ROW_LENGTH && voxels % (2 * perRow) === 0) perRow *= 2;
  const of = (x: Handle) => t.run('reshape', x, [batch, voxels / perRow, perRow * channels]);
  const stored = t.scalarType(volume);
  return {
    of,
    /** Means over each group's voxels and channels, [N, groups]: float32 however the volume is stored. */
    averages(x: Handle): Handle {
      const sums = t.run('sum.dim_IntList', of(x), [1], false, ScalarType.float32);
      const split = t.run('reshape', sums, [batch, perRow, groups, perGroup]);
      return t.run('div.Scalar', t.run('sum.dim_IntList', split, [1, 3]), voxels * perGroup);
    },
    /** Values [N, groups] repeated along a row, stored as the volume is, to be broadcast over the rows. */
    tiled(values: Handle): Handle {
      const single = t.run('reshape', values, [batch, 1, 1, groups, 1]);
      const row = t.run('expand', single, [batch, 1, perRow, groups, perGroup]);
      return t.cast(t.run('reshape', row, [batch, 1, perRow * channels]), stored);
    },
  };
}
