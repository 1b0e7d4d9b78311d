import { seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { type SurrogateSpec, surrogateSchema } from '../scenario/surrogate-schema.js';
import { type Bowl, bowlOf, type Descent, descend, lossOf, pooledBowl } from './bowl.js';

const spec = (changes: Partial<SurrogateSpec> = {}) =>
  surrogateSchema.parse({ parameters: 64, noise: 0, ...changes });
const bowl = (site: string, changes: Partial<SurrogateSpec> = {}, cases = 20) =>
  bowlOf(spec(changes), cases, {
    common: seededRandom('common'),
    own: seededRandom(`own/${site}`),
  });
const SITES = ['east', 'north', 'south', 'west'];
const steps = (count: number, changes: Partial<Descent> = {}): Descent => ({
  ...{ rates: Array.from({ length: count }, () => 0.1), noise: 0, mu: 0 },
  ...changes,
});
const apart = (a: Float32Array, b: Float32Array) =>
  Math.hypot(...Array.from(a, (value, at) => value - (b[at] as number)));
const nowhere = new Float32Array(64);

/** Rounds of averaging, all sites alike. */
function averaged(bowls: readonly Bowl[], rounds: number, descent: Descent): Float32Array {
  let model = nowhere;
  for (let round = 0; round < rounds; round++) {
    const locals = bowls.map((each) => descend(each, model, descent, seededRandom('none')));
    model = model.map((_, at) =>
      locals.reduce((sum, local) => sum + (local[at] as number) / bowls.length, 0),
    );
  }
  return model;
}

/** Where Σ (1 − (1 − ηb)ᴷ) (w − (a o + μ w)/b) = 0: the known fixed point of FedAvg and of FedProx. */
function fixedPoint(bowls: readonly Bowl[], count: number, mu: number): Float32Array {
  return nowhere.map((_, at) => {
    let above = 0;
    let below = 0;
    for (const { curvature, seen } of bowls) {
      const a = curvature[at] as number;
      const weight = ((1 - (1 - 0.1 * (a + mu)) ** count) * a) / (a + mu);
      above += weight * (seen[at] as number);
      below += weight;
    }
    return above / below;
  });
}

describe('a surrogate’s loss', () => {
  it('is nothing at its optimum, and grows with the square of the way from it', () => {
    const { optimum, ...others } = bowl('east');
    expect(lossOf({ optimum, ...others }, optimum)).toBe(0);
    const at = (distance: number) =>
      lossOf(
        { optimum, ...others },
        optimum.map((value) => value + distance),
      );
    expect(at(2) / at(1)).toBeCloseTo(4, 4);
  });

  it('differs from site to site as much as is asked for', () => {
    const far = (changes: Partial<SurrogateSpec>, cases?: number) => {
      const [one, other] = [bowl('east', changes, cases), bowl('west', changes, cases)];
      return [apart(one.optimum, other.optimum), apart(one.seen, one.optimum)] as const;
    };
    expect(far({ spread: 0, sampling: 0 })).toEqual([0, 0]);
    // The difference of two draws has √2 of their deviation, over √64 values.
    expect(far({ spread: 1 })[0] / (Math.SQRT2 * 8)).toBeCloseTo(1, 0);
    expect(far({ sampling: 2 }, 16)[1] / (0.5 * 8)).toBeCloseTo(1, 0);
    expect(far({ sampling: 2 }, 1600)[1]).toBeLessThan(far({ sampling: 2 }, 16)[1] / 5);
  });
});

describe('steps on it', () => {
  it('are those of gradient descent, one by one', () => {
    const one = bowl('east');
    const correction = nowhere.map((_, at) => at / 64);
    const rates = [0.1, 0.05, 0.2];
    let expected = Array.from(nowhere);
    for (const rate of rates) {
      expected = expected.map((w, at) => {
        const gradient = (one.curvature[at] as number) * (w - (one.seen[at] as number));
        return w - rate * (gradient + 0.3 * w + (correction[at] as number));
      });
    }
    const found = descend(one, nowhere, { rates, noise: 0, mu: 0.3, correction }, seededRandom(1));
    expect(apart(found, Float32Array.from(expected))).toBeLessThan(1e-5);
  });

  it('have the noise of all of them, drawn at once and by the seed', () => {
    const one = bowl('east', { parameters: 20_000, curvature: [1, 1] });
    const from = new Float32Array(20_000);
    const still = descend(one, from, steps(5), seededRandom(1));
    const noisy = (seed: number) => descend(one, from, steps(5, { noise: 2 }), seededRandom(seed));
    expect(noisy(1)).toEqual(noisy(1));
    expect(noisy(2)).not.toEqual(noisy(1));
    // η²σ² Σ (1 − η)²ᵏ over the five steps.
    const expected = [0, 1, 2, 3, 4].reduce((sum, k) => sum + 0.04 * 0.9 ** (2 * k), 0);
    expect(apart(noisy(1), still) ** 2 / 20_000 / expected).toBeCloseTo(1, 1);
  });

  it('lead averaging to its known fixed point, the nearer to the common optimum the fewer of them', () => {
    const bowls = SITES.map((site) => bowl(site, { spread: 1 }));
    const common = pooledBowl(bowls, [1, 1, 1, 1]).seen;
    const off = [1, 20].map((count) => {
      const found = averaged(bowls, 400, steps(count));
      expect(apart(found, fixedPoint(bowls, count, 0))).toBeLessThan(1e-3);
      return apart(found, common);
    });
    expect(off[0]).toBeLessThan(1e-3);
    expect(off[1]).toBeGreaterThan(0.3);
  });

  it('are drawn back by FedProx: less drift at its own known fixed point', () => {
    const bowls = SITES.map((site) => bowl(site, { spread: 1 }));
    const common = pooledBowl(bowls, [1, 1, 1, 1]).seen;
    const found = averaged(bowls, 600, steps(20, { mu: 1 }));
    expect(apart(found, fixedPoint(bowls, 20, 1))).toBeLessThan(1e-3);
    const plain = averaged(bowls, 600, steps(20));
    expect(apart(found, common)).toBeLessThan(0.8 * apart(plain, common));
  });
});
