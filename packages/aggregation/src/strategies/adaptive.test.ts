import { describe, expect, it } from 'vitest';
import {
  expectFigures,
  expectFlower,
  figures,
  figuresRounds,
  flowerBase,
  flowerRounds,
} from '../testing/golden-figures.js';
import { play } from '../testing/played-rounds.js';

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
