import { aggregate } from '@fedvox/aggregation';
import { seededRandom } from '@fedvox/base';
import { type TensorSource, tensorOf, type Weights } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import recorded from '../../packages/aggregation/src/strategies/golden/figures.json' with {
  type: 'json',
};
import { nextCorrection } from '../../packages/learning/src/site-rules/corrections.js';

/** Where a model of one tensor lies, as the figures have it. */
type Point = readonly number[];
/** A site's loss, by its gradient. */
type Gradient = (y: Point) => Point;

interface Setting {
  readonly gradients: readonly Gradient[];
  readonly start: Point;
  readonly steps: number;
  readonly learningRate: number;
}

const weightsOf = (point: Point): Weights =>
  new Map([['w', { shape: [point.length], data: Float32Array.from(point) }]]);
const pointOf = (weights: Weights): Point => [...tensorOf(weights, 'w').data];
const sourceOf = (point: Point): TensorSource => ({
  tensors: [{ name: 'w', shape: [point.length] }],
  read: async (_, from, to) => Float32Array.from(point).subarray(from, to),
});
const plus = (a: Point, b: Point, times = 1) => a.map((v, i) => v + times * (b[i] as number));
const meanOf = (points: readonly Point[]): Point =>
  points.reduce(
    (sum, point) => plus(sum, point, 1 / points.length),
    points[0]!.map(() => 0),
  );

/** K plain steps with a correction of the gradient. */
function descend(from: Point, gradient: Gradient, correction: Point, setting: Setting): Point {
  let y = from;
  for (let step = 0; step < setting.steps; step++) {
    y = plus(y, plus(gradient(y), correction), -setting.learningRate);
  }
  return y;
}

/** As ours: each site keeps what it did, and no variate travels. */
async function ours(setting: Setting, rounds: number): Promise<Point[]> {
  const { gradients, start, steps, learningRate } = setting;
  const models: Point[] = [];
  let kept: { correction: Weights; local: Weights }[] = [];
  let model = start;
  for (let round = 0; round < rounds; round++) {
    const corrections = gradients.map((_, site) => {
      const before = kept[site];
      return before === undefined
        ? weightsOf(start.map(() => 0))
        : nextCorrection(before, weightsOf(model), steps * learningRate);
    });
    const locals = gradients.map((gradient, site) =>
      descend(model, gradient, pointOf(corrections[site]!), setting),
    );
    kept = locals.map((local, site) => ({
      correction: corrections[site]!,
      local: weightsOf(local),
    }));
    const { model: next } = await aggregate({
      spec: { kind: 'scaffold' },
      base: sourceOf(model),
      updates: locals.map((local, site) => ({
        ...{ site: `site-${site}`, weight: 1 + site, localSteps: null, dice: null },
        delta: sourceOf(plus(local, model, -1)),
      })),
      serverState: null,
      maxShare: 0.5,
      spool: () => expect.unreachable('a mean is computed once'),
    });
    model = [...(await next.read('w', 0, start.length))];
    models.push(model);
  }
  return models;
}

/** The paper's algorithm 1 as it stands: option II, every site, η_g = 1. */
function optionTwo(setting: Setting, rounds: number): Point[] {
  const { gradients, start, steps, learningRate } = setting;
  const models: Point[] = [];
  let [x, c] = [start, start.map(() => 0) as Point];
  const own: Point[] = gradients.map(() => start.map(() => 0));
  for (let round = 0; round < rounds; round++) {
    const moves: Point[] = [];
    const changes: Point[] = [];
    for (const [site, gradient] of gradients.entries()) {
      const ci = own[site] as Point;
      const y = descend(x, gradient, plus(c, ci, -1), setting);
      const next = plus(plus(ci, c, -1), plus(x, y, -1), 1 / (steps * learningRate));
      moves.push(plus(y, x, -1));
      changes.push(plus(next, ci, -1));
      own[site] = next;
    }
    x = plus(x, meanOf(moves));
    c = plus(c, meanOf(changes));
    models.push(x);
  }
  return models;
}

function expectNear(actual: readonly Point[], expected: readonly Point[], tolerance: number): void {
  const far = actual.map((point, at) => Math.max(...plus(point, expected[at]!, -1).map(Math.abs)));
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...far)).toBeLessThanOrEqual(tolerance);
}

describe('SCAFFOLD without a control variate on the wire', () => {
  const { a, b, start, steps, learningRate, models } = recorded.scaffold.quadratics;
  const gradients = a.map(
    (row, site): Gradient =>
      (y) =>
        y.map((value, i) => (row[i] as number) * value - (b[site]?.[i] as number)),
  );
  const quadratics: Setting = { gradients, start, steps, learningRate };

  it('gives the recorded models of quadratic losses, round by round', async () => {
    expectNear(await ours(quadratics, models.length), models, 1e-6);
    expectNear(optionTwo(quadratics, models.length), models, 1e-9);
  });

  it('comes to where all losses together are least, which averaging does not', async () => {
    const sum = (rows: readonly Point[], i: number) => rows.reduce((s, row) => s + row[i]!, 0);
    const least = start.map((_, i) => sum(b, i) / sum(a, i));
    expectNear((await ours(quadratics, 60)).slice(-1), [least], 1e-5);
    let averaged: Point = start;
    for (let round = 0; round < 60; round++) {
      const zero = start.map(() => 0);
      averaged = meanOf(gradients.map((g) => descend(averaged, g, zero, quadratics)));
    }
    expect(() => expectNear([averaged], [least], 1e-3)).toThrow();
  });

  it('is option II of the paper for losses of any form, over many rounds', async () => {
    const random = seededRandom('losses');
    const wavy = Array.from({ length: 3 }, (): Gradient => {
      const [slope, shift, wave] = [random.uniform() + 0.5, random.normal(), random.normal()];
      return (y) => y.map((value, i) => slope * value - shift + wave * Math.sin(3 * value + i));
    });
    const setting = { gradients: wavy, start: [1, -2, 0.5], steps: 7, learningRate: 0.05 };
    expectNear(await ours(setting, 30), optionTwo(setting, 30), 1e-5);
  });
});
