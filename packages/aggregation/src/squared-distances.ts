import { slicesOf, type TensorSpec } from '@fedvox/weights';
import type { Float64Reader } from './mean-delta.js';
import type { SiteUpdate } from './strategy.js';

/** Of each update `‖δ − point‖²` over all tensors; `‖δ‖²` where no point is given. Each is read once. */
export async function squaredDistances(
  tensors: readonly TensorSpec[],
  updates: readonly SiteUpdate[],
  point?: Float64Reader,
): Promise<Float64Array> {
  const squares = new Float64Array(updates.length);
  for (const tensor of tensors) {
    for (const [from, to] of slicesOf(tensor)) {
      const values = await point?.(tensor.name, from, to);
      for (const [at, { delta }] of updates.entries()) {
        const own = await delta.read(tensor.name, from, to);
        for (let i = 0; i < own.length; i++) {
          squares[at] = (squares[at] as number) + ((own[i] as number) - (values?.[i] ?? 0)) ** 2;
        }
      }
    }
  }
  return squares;
}
