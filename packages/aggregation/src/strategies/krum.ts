import { STRATEGY_TERMS, type StrategySpec } from '@fedvox/job';
import { slicesOf, type TensorSpec } from '@fedvox/weights';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import { sideBySide } from '../side-by-side.js';
import type { SiteUpdate, Strategy } from '../strategy.js';

/**
 * Krum, and Multi-Krum where a job selects more than one (Blanchard et al., NeurIPS 2017): an update's score
 * is the sum of its squared distances to the n − f − 2 others that are closest to it; the mean of the updates
 * with the lowest scores moves the model, of equal scores the first by name. f sites may send anything, of
 * n ≥ 2f + 3: with fewer a job is refused.
 *
 * Sites count alike, whatever they weigh, as in the paper. Flower (1.28) weighs those that Multi-Krum selects.
 */
export const krum: Strategy<'krum'> = {
  ...STRATEGY_TERMS.krum,
  aggregate: async ({ spec, base, updates }) => {
    const selected = await selectedBy(spec, base.tensors, updates);
    return { model: shifted(base, meanDelta(selected)), serverState: null };
  },
};

/** The updates that a round is made of, in the order of their scores. */
export async function selectedBy(
  { byzantine, selected }: StrategySpec<'krum'>,
  tensors: readonly TensorSpec[],
  updates: readonly SiteUpdate[],
): Promise<SiteUpdate[]> {
  const distances = await squaredDistances(tensors, updates);
  const scored = updates.map((update, at) => {
    const others = (distances[at] as Float64Array).filter((_, other) => other !== at).sort();
    const closest = others.subarray(0, updates.length - byzantine - 2);
    return { update, score: closest.reduce((sum, value) => sum + value, 0) };
  });
  const byScore = scored.sort((a, b) => a.score - b.score);
  return byScore.slice(0, selected).map(({ update }) => update);
}

/** Between any two updates, over all tensors: symmetric, one row for each update. */
async function squaredDistances(
  tensors: readonly TensorSpec[],
  updates: readonly SiteUpdate[],
): Promise<Float64Array[]> {
  const distances = updates.map(() => new Float64Array(updates.length));
  for (const tensor of tensors) {
    for (const [from, to] of slicesOf(tensor)) {
      for await (const { deltas } of sideBySide(updates, tensor.name, from, to)) {
        for (const [a, one] of deltas.entries()) {
          for (const [b, other] of deltas.slice(0, a).entries()) {
            const distance = ((distances[a] as Float64Array)[b] as number) + between(one, other);
            (distances[a] as Float64Array)[b] = distance;
            (distances[b] as Float64Array)[a] = distance;
          }
        }
      }
    }
  }
  return distances;
}

function between(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += ((one[i] as number) - (other[i] as number)) ** 2;
  return sum;
}
