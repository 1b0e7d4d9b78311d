import { assert } from '@fedvox/base';
import type { TensorSource, TensorSpec } from '@fedvox/weights';
import { meanDelta } from './mean-delta.js';
import { shifted } from './shifted.js';
import type { Aggregate, StrategyInput } from './strategy.js';

/** The first moment m and the second, v, of one value of a model. */
const MOMENTS = ['m', 'v'] as const;
type Moment = (typeof MOMENTS)[number];

interface Terms {
  /** η. */
  readonly learningRate: number;
  readonly beta1: number;
  /** τ: how adaptive the step is; the smaller, the more. */
  readonly tau: number;
}

/** What becomes of a value's second moment v, by the square of its mean delta Δ. */
export type SecondMoment = (v: number, square: number) => number;

/**
 * Adaptive optimization on the server (Reddi et al., "Adaptive Federated Optimization", ICLR 2021,
 * algorithm 2), with Δ the mean delta: `m' = β₁m + (1 − β₁)Δ`, `v' = secondMoment(v, Δ²)`,
 * `new = base + ηm' / (√v' + τ)`. Before the first round m = 0 and v = τ²; nothing corrects their bias.
 *
 * The mean is computed once and spooled; what is kept for the next round are the tensors `m/NAME` and `v/NAME`.
 *
 * Flower (1.28) differs: v is 0 before the first round, and its FedAdam takes
 * `η √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹)` for η in round t = 1, 2, …
 */
export async function adaptive(
  { base, updates, serverState, spool }: Omit<StrategyInput, 'spec'>,
  { learningRate, beta1, tau }: Terms,
  secondMoment: SecondMoment,
): Promise<Aggregate> {
  const computed = meanDelta(updates);
  const mean = await spool({
    tensors: base.tensors,
    read: async (...slice) => Float32Array.from(await computed(...slice)),
  });

  const FIRST: Readonly<Record<Moment, number>> = { m: 0, v: tau * tau };
  const next: Readonly<Record<Moment, (before: number, delta: number) => number>> = {
    m: (m, delta) => beta1 * m + (1 - beta1) * delta,
    v: (v, delta) => secondMoment(v, delta * delta),
  };
  const moment = async (which: Moment, name: string, from: number, to: number) => {
    const before = await serverState?.read(`${which}/${name}`, from, to);
    const deltas = await mean.read(name, from, to);
    return Float64Array.from(deltas, (delta, i) => next[which](before?.[i] ?? FIRST[which], delta));
  };

  const step = async (name: string, from: number, to: number) => {
    const v = await moment('v', name, from, to);
    const towards = (m: number, i: number) =>
      (learningRate * m) / (Math.sqrt(v[i] as number) + tau);
    return (await moment('m', name, from, to)).map(towards);
  };
  return {
    model: shifted(base, step),
    serverState: {
      tensors: momentsOf(base.tensors),
      read: async (tensor, from, to) => {
        const which = MOMENTS.find((each) => tensor.startsWith(`${each}/`));
        assert(which !== undefined, 'a moment is one of two');
        return Float32Array.from(await moment(which, tensor.slice(which.length + 1), from, to));
      },
    } satisfies TensorSource,
  };
}

function momentsOf(tensors: readonly TensorSpec[]): TensorSpec[] {
  return MOMENTS.flatMap((which) =>
    tensors.map(({ name, shape }) => ({ name: `${which}/${name}`, shape })),
  );
}
