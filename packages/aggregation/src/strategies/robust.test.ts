import type { StrategySpec } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanDelta, shifted } from '../index.js';
import {
  expectFlower,
  expectNear,
  figures,
  figuresUpdates,
  flowerBase,
  flowerModels,
  flowerRounds,
} from '../testing/golden-figures.js';
import { play, sourceOf, updatesOf, written } from '../testing/played-rounds.js';
import { selectedBy } from './krum.js';

/** How a round moves a model of noughts. */
async function moveOf(spec: StrategySpec, updates: ReturnType<typeof updatesOf>) {
  const base = { w: figures.base.map(() => 0) };
  const [played] = await play({ base }, [{ spec, updates }]);
  return played?.model ?? {};
}

const expectMove = async (spec: StrategySpec, w: readonly number[]) =>
  expectNear([await moveOf(spec, figuresUpdates())], [{ w }]);

const trimmedMean = { kind: 'trimmed-mean', fraction: 0.2 } as const;
const krum = { kind: 'krum', byzantine: 1, selected: 1 } as const;
const rfa = { kind: 'geometric-median', iterations: 3, smoothing: 1e-6 } as const;

describe('the coordinate median', () => {
  it('gives the closed form, and Flower’s models', async () => {
    await expectMove({ kind: 'median' }, figures.median);
    await expectFlower('median', () => ({ kind: 'median' }));
  });

  it('is between the two in the middle where sites are even in number', async () => {
    const updates = updatesOf(
      [8, 1, 2, 4].map((value) => ({ w: [value, 0, 0, 0] })),
      [1, 1, 1, 1],
    );
    expect((await moveOf({ kind: 'median' }, updates))['w']?.[0]).toBe(3);
  });
});

describe('the trimmed mean', () => {
  it('gives the closed form, and Flower’s models', async () => {
    await expectMove(trimmedMean, figures.trimmedMean.delta);
    await expectFlower('trimmed-mean', () => trimmedMean);
  });

  it('leaves out a tenth of thirty sites at either end, three each', async () => {
    const values = Array.from({ length: 30 }, (_, k) => (k < 3 ? -1e6 : k < 27 ? 1 : 1e5));
    const updates = updatesOf(
      values.map((value) => ({ w: [value, 0, 0, 0] })),
      values.map(() => 1),
    );
    expect((await moveOf({ ...trimmedMean, fraction: 0.1 }, updates))['w']?.[0]).toBe(1);
  });
});

describe('Krum', () => {
  it('chooses as the closed form does, and gives Flower’s models', async () => {
    await expectMove(krum, figures.deltas[figures.krum.chosen] ?? []);
    await expectFlower('krum', () => krum);
  });

  it('averages the selected alike where it is Multi-Krum', async () => {
    await expectMove({ ...krum, selected: 3 }, figures.multiKrum.unweighted);
  });

  it('selects those of Flower’s Multi-Krum, which weighs them then', async () => {
    let model = sourceOf(flowerBase);
    for (const [at, { updates }] of flowerRounds(() => krum).entries()) {
      const selected = await selectedBy({ ...krum, selected: 4 }, model.tensors, updates);
      model = await written(shifted(model, meanDelta(selected)));
      expectNear([model.vectors], flowerModels('multi-krum').slice(at, at + 1));
    }
  });
});

describe('the geometric median', () => {
  it('gives the closed form of one step and of three', async () => {
    await expectMove({ ...rfa, iterations: 1 }, figures.rfa.iterations1);
    await expectMove(rfa, figures.rfa.iterations3);
  });

  it('is the update itself where all are the same', async () => {
    const updates = updatesOf(Array(3).fill({ w: [1, -2, 0.5, 4] }), [1, 2, 3]);
    expect(Array.from((await moveOf(rfa, updates))['w'] ?? [])).toEqual([1, -2, 0.5, 4]);
  });
});

const SIZE = 4;
const honestValue = fc.float({ noNaN: true, min: -1, max: 1 });
const upTo = (most: number) =>
  fc.float({ noNaN: true, min: -Math.fround(most), max: Math.fround(most) });
const vectors = (value: typeof honestValue, sites: number) =>
  fc.array(fc.array(value, { minLength: SIZE, maxLength: SIZE }), {
    minLength: sites,
    maxLength: sites,
  });

/** Holds for any honest updates and whatever others send beside them. */
const against = (
  [honest, others]: readonly [number, number],
  holds: (move: ArrayLike<number>, honest: readonly number[][]) => void,
  spec: StrategySpec,
  farthest = 1e30,
) =>
  fc.assert(
    fc.asyncProperty(
      vectors(honestValue, honest),
      vectors(upTo(farthest), others),
      async (good, bad) => {
        const all = [...bad, ...good];
        const updates = updatesOf(
          all.map((w) => ({ w })),
          all.map(() => 1),
        );
        holds((await moveOf(spec, updates))['w'] ?? [], good);
      },
    ),
    { numRuns: 100 },
  );

function expectWithin(move: ArrayLike<number>, honest: readonly number[][]): void {
  for (let i = 0; i < SIZE; i++) {
    const values = honest.map((vector) => vector[i] as number);
    expect(move[i]).toBeGreaterThanOrEqual(Math.min(...values));
    expect(move[i]).toBeLessThanOrEqual(Math.max(...values));
  }
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (value, i) => value - (b[i] as number)));

describe('whatever a minority of sites sends', () => {
  it('the median of each value lies between those of the others', () =>
    against([4, 3], expectWithin, { kind: 'median' }));

  it('the trimmed mean lies between those of the others, as long as they are no more than are trimmed', () =>
    against([5, 2], expectWithin, { ...trimmedMean, fraction: 0.3 }));

  it('Krum takes an honest update, or one that is about as close to the honest as they are to each other', () =>
    against(
      [5, 2],
      (move, honest) => {
        const nearest = Math.min(...honest.map((vector) => distance(move, vector)));
        const diameter = Math.max(...honest.flatMap((a) => honest.map((b) => distance(a, b))));
        // Of the three that score an update two are honest; no honest score exceeds three diameters' squares.
        expect(nearest).toBeLessThanOrEqual(Math.sqrt(3 / 2) * diameter + 1e-6);
      },
      { ...krum, byzantine: 2 },
    ));

  it('the geometric median stays near the others, by the bound of its breakdown point', () =>
    against(
      [5, 2],
      (move, honest) => {
        const centre = Array.from(
          { length: SIZE },
          (_, i) => honest.reduce((sum, vector) => sum + (vector[i] as number), 0) / honest.length,
        );
        const radius = Math.max(...honest.map((vector) => distance(vector, centre)));
        // Minsker, Bernoulli 2015, lemma 2.1, with two of seven: 2 (1 − α) / (1 − 2α).
        const bound = (2 * (1 - 2 / 7)) / (1 - 4 / 7);
        expect(distance(move, centre)).toBeLessThanOrEqual(bound * radius + 1e-3);
      },
      { ...rfa, iterations: 60 },
      1e6,
    ));
});
