import { assert } from '@fedvox/base';
import type { StrategySpec } from '@fedvox/job';
import { elementCount, slicesOf, type TensorSource } from '@fedvox/weights';
import { aggregate, type SiteUpdate, STRATEGIES } from '../index.js';

/** Values by tensor, each tensor a vector. */
export type Vectors = Readonly<Record<string, ArrayLike<number>>>;

export function sourceOf(vectors: Vectors): TensorSource & { readonly vectors: Vectors } {
  return {
    vectors,
    tensors: Object.entries(vectors).map(([name, { length }]) => ({ name, shape: [length] })),
    read: async (name, from, to) => {
      const values = vectors[name];
      assert(values !== undefined, 'a tensor that is read is there');
      return Float32Array.from(values).subarray(from, to);
    },
  };
}

/** All that a source computes, read in slices of a length. */
export async function written(
  source: TensorSource,
  length?: number,
): Promise<ReturnType<typeof sourceOf>> {
  const vectors: Record<string, Float32Array> = {};
  for (const tensor of source.tensors) {
    const values = new Float32Array(elementCount(tensor.shape));
    for (const [start, end] of slicesOf(tensor)) {
      const step = length ?? end - start;
      for (let from = start; from < end; from += step) {
        const to = Math.min(from + step, end);
        values.set(await source.read(tensor.name, from, to), from);
      }
    }
    vectors[tensor.name] = values;
  }
  return sourceOf(vectors);
}

/** Of sites that say of their steps what is given, or each another number. */
export function updatesOf(
  deltas: readonly Vectors[],
  weights: readonly number[],
  localSteps: readonly number[] = weights.map((_, k) => k + 1),
): SiteUpdate[] {
  return deltas.map((delta, k) => {
    const weight = weights[k];
    assert(weight !== undefined, 'each site has its weight');
    const steps = localSteps[k] ?? null;
    // Another Dice each, within 0 and 1.
    const dice = 1 / (k + 2);
    return { site: `site-${k}`, weight, delta: sourceOf(delta), localSteps: steps, dice };
  });
}

export interface PlayedRound {
  readonly spec: StrategySpec;
  readonly updates: readonly SiteUpdate[];
}

export interface Played {
  readonly model: Vectors;
  /** Null where the strategy keeps nothing. */
  readonly serverState: Vectors | null;
}

export interface Beginning {
  readonly base: Vectors;
  /** What the strategy kept before the first round. */
  readonly serverState?: Vectors;
  /** Values of what is written that are read at once. */
  readonly sliceLength?: number;
}

/** Aggregates one round after the other, each from what the one before left. */
export async function play(
  { base, serverState, sliceLength }: Beginning,
  rounds: readonly PlayedRound[],
): Promise<Played[]> {
  let model = sourceOf(base);
  let state = serverState === undefined ? null : sourceOf(serverState);
  const played: Played[] = [];
  for (const { spec, updates } of rounds) {
    const write = (source: TensorSource) => written(source, sliceLength);
    const input = { spec, base: model, updates, serverState: state, maxShare: null, spool: write };
    const made = await aggregate(input, STRATEGIES);
    model = await write(made.model);
    state = made.serverState === null ? null : await write(made.serverState);
    played.push({ model: model.vectors, serverState: state?.vectors ?? null });
  }
  return played;
}
