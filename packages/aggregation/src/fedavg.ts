import { assert, type Sha256 } from '@fedvox/base';
import { writeWeightsFile } from '@fedvox/weights';
import { capWeights, type SiteWeight } from './cap-weights.js';
import { inTurns, type TensorReader, type TensorSource } from './tensor-source.js';

export interface WeightedUpdate extends SiteWeight {
  /** What the site's training added to the base model; `checkDelta` has accepted it. */
  readonly delta: TensorReader;
}

export interface FedAvgInput {
  readonly base: TensorSource;
  /** In any order, one per site, at least one. */
  readonly updates: readonly WeightedUpdate[];
  /** The largest part of the average that one site may be; null for plain weights. See `capWeights`. */
  readonly maxShare: number | null;
  /** Where the new model is written. */
  readonly path: string;
}

/**
 * Federated averaging (McMahan et al., AISTATS 2017, algorithm 1) on deltas:
 * `new = base + Σ wᵢ δᵢ / Σ wᵢ`, with capped weights, in float64, rounded once to float32.
 *
 * A pure function of the set of updates: they are summed in order of the site's name, so that any
 * order of arrival gives the same bytes. Holds one tensor at a time: its float64 sum, the base's
 * values and one site's delta, however many sites there are.
 */
export async function fedAvg({
  base,
  updates,
  maxShare,
  path,
}: FedAvgInput): Promise<{ sha256: Sha256; byteLength: number }> {
  assertAveragable(updates);
  const weights = capWeights(updates, maxShare);
  const sorted = updates
    .map((update) => ({ ...update, weight: weights.get(update.site) as number }))
    .sort((a, b) => (a.site < b.site ? -1 : 1));
  const totalWeight = sorted.reduce((sum, { weight }) => sum + weight, 0);
  return writeWeightsFile(path, base.tensors, async (name) => {
    const values = await base.read(name);
    const sum = new Float64Array(values.length);
    for (const { weight, delta } of sorted) await addScaled(sum, weight, await delta.read(name));
    await inTurns(values.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const value = Math.fround((values[i] as number) + (sum[i] as number) / totalWeight);
        assert(Number.isFinite(value), 'the mean of finite models is finite');
        values[i] = value;
      }
    });
    return values;
  });
}

async function addScaled(sum: Float64Array, weight: number, delta: Float32Array): Promise<void> {
  assert(delta.length === sum.length, 'an accepted delta has the base model’s shapes');
  await inTurns(sum.length, (from, to) => {
    for (let i = from; i < to; i++) sum[i] = (sum[i] as number) + weight * (delta[i] as number);
  });
}

function assertAveragable(updates: readonly WeightedUpdate[]): void {
  assert(updates.length > 0, 'a round is aggregated from at least one update');
  const sites = new Set(updates.map(({ site }) => site));
  assert(sites.size === updates.length, 'a site is averaged once per round');
}
