import { DEFAULT_FIREWALL, NO_FIGURES } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { innerProducts } from '../inner-products.js';
import { screen } from '../screen.js';
import {
  expectFigures,
  expectFlower,
  figures,
  figuresRounds,
  flowerBase,
  flowerRounds,
} from '../testing/golden-figures.js';
import { play, sourceOf, updatesOf } from '../testing/played-rounds.js';

const moments = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 };
const adam = { kind: 'fedadam', ...moments } as const;
const yogi = { kind: 'fedyogi', ...moments } as const;
const adagrad = { kind: 'fedadagrad', learningRate: 0.1, beta1: 0, tau: 1e-3 } as const;

/** Both moments nought: what Flower’s begin with, where the paper’s second is τ². */
const zeros = Object.fromEntries(
  ['m', 'v'].flatMap((moment) =>
    Object.entries(flowerBase).map(([name, { length }]) => [
      `${moment}/${name}`,
      new Float32Array(length),
    ]),
  ),
);

/** What Flower’s FedAdam takes for the learning rate of a round. */
const corrected = (round: number) =>
  (moments.learningRate * Math.sqrt(1 - moments.beta2 ** (round + 1))) /
  (1 - moments.beta1 ** (round + 1));

describe('Adam on the server', () => {
  it('gives the paper’s closed form', () =>
    expectFigures(figuresRounds(adam), figures.fedadam.models));

  it('gives Flower’s models from its beginning, v = 0, and with its correction of the bias', async () => {
    const flowers = (round: number) => ({ ...adam, learningRate: corrected(round) });
    await expectFlower('fedadam', flowers, { serverState: zeros });
    await expect(expectFlower('fedadam', () => adam, { serverState: zeros })).rejects.toThrow();
    await expect(expectFlower('fedadam', flowers)).rejects.toThrow();
  });
});

describe('Yogi on the server', () => {
  it('gives the paper’s closed form', () =>
    expectFigures(figuresRounds(yogi), figures.fedyogi.models));

  it('gives Flower’s models from its beginning, v = 0', async () => {
    await expectFlower('fedyogi', () => yogi, { serverState: zeros });
    await expect(expectFlower('fedyogi', () => yogi)).rejects.toThrow();
  });
});

describe('Adagrad on the server', () => {
  it('gives the paper’s closed form, with a first moment and without', async () => {
    const recorded = figures.fedadagrad;
    await expectFigures(figuresRounds(adagrad), recorded.models_beta1_0);
    await expectFigures(figuresRounds({ ...adagrad, beta1: 0.9 }), recorded['models_beta1_0.9']);
  });

  it('gives Flower’s models from its beginning, v = 0', async () => {
    await expectFlower('fedadagrad', () => adagrad, { serverState: zeros });
    await expect(expectFlower('fedadagrad', () => adagrad)).rejects.toThrow();
  });
});

it('an adaptive strategy keeps both moments of each tensor', async () => {
  const [played] = await play(
    { base: flowerBase },
    flowerRounds(() => adam),
  );
  expect(Object.keys(played?.serverState ?? {})).toEqual(Object.keys(zeros));
});

describe('one enormous delta among honest ones', () => {
  const base = { w: [0, 0, 0, 0] };
  const honest = [1, 1.1, 0.9, 1.05].map((size) => ({ w: [size, size, -size, size] }));
  const enormous = { w: [1e12, 1e12, 1e12, 1e12] };
  const weights = [1, 1, 1, 1, 1];

  /** How far ten honest rounds move the model, after one that had the attack in its updates or not. */
  async function laterSteps(first: readonly { w: number[] }[]): Promise<number> {
    const rounds = [first, ...Array.from({ length: 10 }, () => honest)];
    const played = await play(
      { base },
      rounds.map((deltas) => ({ spec: adagrad, updates: updatesOf(deltas, weights) })),
    );
    const value = (round: number) => played[round]?.model['w']?.[0] ?? Number.NaN;
    return Math.abs(value(10) - value(0));
  }

  it('freezes the model for all rounds to come, unless the firewall leaves it out', async () => {
    const deltas = [...honest, enormous];
    const updates = updatesOf(deltas, weights);
    const products = await innerProducts(sourceOf(base).tensors, updates);
    const named = updates.map(({ site }) => ({ site, figures: NO_FIGURES }));
    const found = screen({ rules: DEFAULT_FIREWALL, updates: named, products, earlier: [] });
    expect(found.map(({ reason }) => reason)).toEqual([null, null, null, null, 'norm-too-large']);

    const kept = deltas.filter((_, at) => found[at]?.reason === null);
    expect(await laterSteps(deltas)).toBeLessThan(1e-6);
    expect(await laterSteps(kept)).toBeGreaterThan(0.1);
  });
});
