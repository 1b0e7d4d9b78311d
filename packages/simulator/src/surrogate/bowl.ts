import type { Random } from '@fedvox/base';
import type { SurrogateSpec } from '../scenario/surrogate-schema.js';

/** A site's loss: ½ a (w − o)² along each value, its mean over all values. */
export interface Bowl {
  readonly curvature: Float32Array;
  /** By which models are measured. */
  readonly optimum: Float32Array;
  /** Towards which it trains: the optimum as its few training cases show it. */
  readonly seen: Float32Array;
}

/** What steps of gradient descent go by. */
export interface Descent {
  /** The learning rate of each step. */
  readonly rates: readonly number[];
  readonly noise: number;
  /** FedProx's μ; 0 where there is none. */
  readonly mu: number;
  /** Added to each gradient. */
  readonly correction?: Float32Array | undefined;
}

/**
 * @param common draws what all sites share, the same for each
 * @param own draws what is this site's
 */
export function bowlOf(
  { parameters, spread, curvature: [low, high], sampling }: SurrogateSpec,
  trainCases: number,
  { common, own }: { readonly common: Random; readonly own: Random },
): Bowl {
  const error = sampling / Math.sqrt(trainCases);
  const optimum = new Float32Array(parameters).map(() => common.normal() + spread * own.normal());
  return {
    optimum,
    seen: optimum.map((value) => value + error * own.normal()),
    curvature: new Float32Array(parameters).map(() => low * (high / low) ** own.uniform()),
  };
}

export function lossOf({ curvature, optimum }: Bowl, values: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) {
    const away = (values[at] as number) - (optimum[at] as number);
    sum += ((curvature[at] as number) * away * away) / 2;
  }
  return sum / values.length;
}

/**
 * Where the steps `w ← w − η(a(w − o) + μ(w − w₀) + d + noise)` lead from w₀. They are linear in w, so that what the noises
 * of all steps add up to is one draw of a known variance.
 */
export function descend(
  { curvature, seen }: Bowl,
  from: Float32Array,
  { rates, noise, mu, correction }: Descent,
  random: Random,
): Float32Array {
  return from.map((start, at) => {
    const a = curvature[at] as number;
    const pull = a * (seen[at] as number) + mu * start - (correction?.[at] ?? 0);
    let value = start;
    let variance = 0;
    for (const rate of rates) {
      const stays = 1 - rate * (a + mu);
      value = stays * value + rate * pull;
      variance = stays * stays * variance + (rate * noise) ** 2;
    }
    return variance === 0 ? value : value + Math.sqrt(variance) * random.normal();
  });
}

/**
 * The loss over the training cases of all of them: again a bowl.
 * @param weights one for each, in whatever unit
 */
export function pooledBowl(bowls: readonly Bowl[], weights: readonly number[]): Bowl {
  const [first] = bowls as readonly [Bowl];
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const curvature = first.curvature.map((_, at) => mean((bowl) => bowl.curvature[at] as number));
  const centre = (of: 'optimum' | 'seen') =>
    curvature.map(
      (all, at) => mean((bowl) => (bowl.curvature[at] as number) * (bowl[of][at] as number)) / all,
    );
  return { curvature, optimum: centre('optimum'), seen: centre('seen') };

  function mean(value: (bowl: Bowl) => number): number {
    return bowls.reduce((sum, bowl, k) => sum + (weights[k] as number) * value(bowl), 0) / whole;
  }
}
