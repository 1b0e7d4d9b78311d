import { atWorkbench, readInto, VALUES_PER_BLOCK } from './kernels/workbench.js';
import type { SiteUpdate } from './strategy.js';

/**
 * Values [from, to) of a tensor, in row-major order, before they are rounded to float32; in `target`, which is as
 * long, where it is given.
 */
export type Float64Reader = (
  name: string,
  from: number,
  to: number,
  target?: Float64Array,
) => Promise<Float64Array>;

/**
 * `Σ wᵢ δᵢ / Σ wᵢ` over updates in the order given, in float64. Holds what is asked of it, and a block of
 * the sum and of one site's delta, however many sites there are.
 */
export function meanDelta(updates: readonly SiteUpdate[]): Float64Reader {
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  return (name, from, to, mean = new Float64Array(to - from)) =>
    atWorkbench(async (bench) => {
      for (let start = from; start < to; start += VALUES_PER_BLOCK) {
        const length = Math.min(VALUES_PER_BLOCK, to - start);
        bench.clear(length);
        for (const { weight, delta } of updates) {
          await readInto(delta, bench.values, name, start, start + length);
          bench.addScaled(weight, length);
        }
        mean.set(bench.quotients(totalWeight, length), start - from);
      }
      return mean;
    });
}
