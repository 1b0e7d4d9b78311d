import {
  networkSchema,
  STRATEGY_KINDS,
  type StrategyKind,
  type StrategySpec,
  statisticsConditions,
  strategySchema,
  trainingSchema,
} from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Played, play, updatesOf } from '../testing/played-rounds.js';

/** What a job has to say of those that have no figures to fall back on. */
const SAID: Partial<Record<StrategyKind, object>> = {
  fedprox: { mu: 0.01 },
  fedadam: { learningRate: 0.1 },
  fedyogi: { learningRate: 0.1 },
  fedadagrad: { learningRate: 0.1 },
  fedbuff: { buffer: 5 },
  'q-fedavg': { q: 1, lipschitz: 10 },
  ditto: { lambda: 0.1 },
};
const specOf = (kind: StrategyKind) => strategySchema.parse({ kind, ...SAID[kind] });

const norm = { kind: 'batch', statistics: 'averaged' };
const network = networkSchema.parse({ kind: 'unet', channels: [2, 4], strides: [2], norm });
const training = trainingSchema.parse({ batchSize: 2 });
const averages = (strategy: StrategySpec) =>
  statisticsConditions({ network, training, federation: { strategy } }).length === 0;

const SITES = 5;
const variance = fc.float({ min: 0, max: 1e3, noNaN: true });
const variances = fc.array(variance, { minLength: 3, maxLength: 3 });
const atSites = fc.array(variances, { minLength: SITES, maxLength: SITES });

describe.each(STRATEGY_KINDS.map(specOf).filter(averages))('statistics under $kind', (spec) => {
  it('lie between those of the sites', () =>
    fc.assert(
      fc.asyncProperty(variances, atSites, async (base, counted) => {
        const deltas = counted.map((own) => ({ v: own.map((value, i) => value - base[i]!) }));
        const updates = updatesOf(deltas, [1, 2, 3, 4, 5]);
        const [{ model }] = (await play({ base: { v: base } }, [{ spec, updates }])) as [Played];
        for (const [index, value] of Array.from(model['v'] ?? []).entries()) {
          const here = counted.map((own) => own[index] as number);
          // No rounding of float32 values, which here are up to 1000, makes a variance one below 0.
          expect(value).toBeGreaterThanOrEqual(-1e-9);
          expect(value).toBeGreaterThanOrEqual(Math.min(...here) - 1e-3);
          expect(value).toBeLessThanOrEqual(Math.max(...here) + 1e-3);
        }
      }),
      { numRuns: 60 },
    ));
});

const BEYOND = ['fedavgm', 'fedadam', 'fedyogi', 'fedadagrad', 'fednova'] as const;

describe.each(BEYOND.map(specOf))('a variance under $kind', (spec) => {
  it('falls below 0 though no site counts one that does, for which it is refused', async () => {
    expect(averages(spec)).toBe(false);
    let [model, state]: [readonly number[], object] = [[1, 0.05], {}];
    let lowest = Number.POSITIVE_INFINITY;
    for (let round = 1; round <= 20 && lowest >= 0; round++) {
      const delta = { v: model.map((value) => -0.9 * value) };
      const updates = updatesOf(Array(SITES).fill(delta), Array(SITES).fill(1));
      const [played] = (await play({ base: { v: model }, ...state }, [{ spec, updates }])) as [
        Played,
      ];
      model = Array.from(played.model['v'] ?? []);
      state = played.serverState === null ? {} : { serverState: played.serverState };
      lowest = Math.min(...model);
    }
    expect(lowest).toBeLessThan(0);
  });
});
