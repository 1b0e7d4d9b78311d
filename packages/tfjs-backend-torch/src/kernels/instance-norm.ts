import type { KernelConfig } from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

/*
 * ATen's own norms do not know a channels-last volume of few channels: its group norm's gradient takes
 * fifty times longer than these passes. A broadcast over few channels has a short innermost loop, so
 * voxels are taken together into rows that are long enough.
 */

export const instanceNormKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle }, { epsilon: number }>('FedvoxInstanceNorm', (t, { x }, { epsilon }) => {
    const rows = rowsOf(t, x);
    const mean = rows.averages(x);
    const y = t.run('sub.Tensor', rows.of(x), rows.tiled(mean, x));
    const variance = rows.averages(t.run('square', y));
    const inverse = t.run('rsqrt', t.run('add.Scalar', variance, epsilon));
    t.mutate('mul_.Tensor', y, rows.tiled(inverse, x));
    return [t.run('reshape', y, rows.shape), t.run('reshape', inverse, rows.perChannel)];
  }),
  // dx = (dy − mean(dy) − y · mean(dy · y)) / σ, with one multiplication and addition for each term.
  kernel<{ dy: Handle; y: Handle; inverse: Handle }>(
    'FedvoxInstanceNormGradient',
    (t, { dy, y, inverse }) => {
      const rows = rowsOf(t, y);
      const scale = t.run('reshape', inverse, [rows.batch, rows.channels]);
      const alongMean = t.run('mul.Tensor', rows.averages(dy), scale);
      const alongNormal = t.run('mul.Tensor', rows.averages(t.run('mul.Tensor', dy, y)), scale);
      const minus = (values: Handle) => rows.tiled(t.run('neg', values), y);
      const dx = t.run('addcmul', minus(alongMean), rows.of(y), minus(alongNormal));
      t.mutate('addcmul_', dx, rows.of(dy), rows.tiled(scale, y));
      return t.run('reshape', dx, rows.shape);
    },
  ),
];

/** Aimed at for the innermost loop, in elements. */
const ROW_LENGTH = 256;

/** A volume [N, spatial…, C] seen as [N, rows, k·C], k voxels side by side in a row. */
function rowsOf(t: Torch, volume: Handle) {
  const shape = t.shape(volume);
  const [batch, channels] = [shape[0] as number, shape.at(-1) as number];
  const voxels = shape.slice(1, -1).reduce((product, size) => product * size, 1);
  let perRow = 1;
  while (perRow * channels < ROW_LENGTH && voxels % (2 * perRow) === 0) perRow *= 2;
  const asRows = [batch, voxels / perRow, perRow * channels];
  return {
    shape,
    batch,
    channels,
    perChannel: [batch, ...shape.slice(1, -1).map(() => 1), channels],
    of: (x: Handle) => t.run('reshape', x, asRows),
    /** Means over the volume, [N, C], in float32 whatever the volume is stored in. */
    averages(x: Handle): Handle {
      const view = t.run('reshape', x, asRows);
      const sums = t.run('sum.dim_IntList', view, [1], false, ScalarType.float32);
      const split = t.run('reshape', sums, [batch, perRow, channels]);
      return t.run('div.Scalar', t.run('sum.dim_IntList', split, [1]), voxels);
    },
    /** Values [N, C] repeated along a row, in the type of `like`, to be broadcast over the rows. */
    tiled(values: Handle, like: Handle): Handle {
      const row = t.run('repeat', t.run('reshape', values, [batch, 1, channels]), [1, 1, perRow]);
      return t.cast(row, t.scalarType(like));
    },
  };
}
