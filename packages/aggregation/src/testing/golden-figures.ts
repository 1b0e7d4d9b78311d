import type { StrategySpec } from '@fedvox/job';
import { expect } from 'vitest';
import figures from '../strategies/golden/figures.json' with { type: 'json' };
import recordedFlower from '../strategies/golden/flower.json' with { type: 'json' };
import { type PlayedRound, play, updatesOf, type Vectors } from './played-rounds.js';

/** What agreement with figures of other programs means. */
const TOLERANCE = 1e-6;

type FlowerModel = Readonly<Record<string, readonly (number | readonly number[])[]>>;

interface Flower {
  readonly weights: readonly number[];
  readonly base: FlowerModel;
  /** By round and site. */
  readonly deltas: readonly (readonly FlowerModel[])[];
  readonly strategies: Readonly<Record<string, { readonly models: readonly FlowerModel[] }>>;
}

export { figures };

const flower: Flower = recordedFlower;

const flat = (model: FlowerModel): Vectors =>
  Object.fromEntries(Object.entries(model).map(([name, values]) => [name, values.flat()]));

/** The updates of `figures.json`, all of them times a factor. */
export function figuresUpdates(factor = 1) {
  const deltas = figures.deltas.map((delta) => ({ w: delta.map((value) => factor * value) }));
  return updatesOf(deltas, figures.weights, figures.fednova.localSteps);
}

/** The three rounds of `figures.json`: the mean delta is so much, then minus half of it, then the same again. */
export function figuresRounds(spec: StrategySpec): PlayedRound[] {
  return [1, -0.5, 1].map((factor) => ({ spec, updates: figuresUpdates(factor) }));
}

export async function expectFigures(
  rounds: readonly PlayedRound[],
  models: readonly (readonly number[])[],
): Promise<void> {
  const played = await play({ base: { w: figures.base } }, rounds);
  expectNear(
    played.map(({ model }) => model),
    models.map((w) => ({ w })),
  );
}

/** The rounds that Flower was given; what a job says may differ from one to the next. */
export function flowerRounds(specOf: (round: number) => StrategySpec): PlayedRound[] {
  return flower.deltas.map((deltas, at) => ({
    spec: specOf(at + 1),
    updates: updatesOf(deltas.map(flat), flower.weights),
  }));
}

export const flowerBase = flat(flower.base);

export function flowerModels(strategy: string): Vectors[] {
  const recorded = flower.strategies[strategy];
  expect(recorded).toBeDefined();
  return recorded?.models.map(flat) ?? [];
}

export async function expectFlower(
  strategy: string,
  specOf: (round: number) => StrategySpec,
  serverState: { readonly serverState?: Vectors } = {},
): Promise<void> {
  const played = await play({ base: flowerBase, ...serverState }, flowerRounds(specOf));
  expectNear(
    played.map(({ model }) => model),
    flowerModels(strategy),
  );
}

export function expectNear(actual: readonly Vectors[], expected: readonly Vectors[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [at, vectors] of expected.entries()) {
    expect(Object.keys(actual[at] ?? {})).toEqual(Object.keys(vectors));
    for (const [name, values] of Object.entries(vectors)) {
      const own = Array.from(actual[at]?.[name] ?? []);
      expect(own.length).toBe(values.length);
      const farthest = Math.max(...own.map((value, i) => Math.abs(value - (values[i] as number))));
      expect(farthest, `${name} of model ${at + 1}`).toBeLessThanOrEqual(TOLERANCE);
    }
  }
}
