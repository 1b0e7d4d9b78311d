import { STRATEGY_KINDS, STRATEGY_TERMS, type StrategyKind, type StrategySpec } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { play, updatesOf, type Vectors } from '../testing/played-rounds.js';

const SPECS: { readonly [Kind in StrategyKind]: StrategySpec<Kind> } = {
  fedavg: { kind: 'fedavg' },
  fedprox: { kind: 'fedprox', mu: 0.01 },
  fedavgm: { kind: 'fedavgm', learningRate: 1, momentum: 0.5 },
  fedadam: { kind: 'fedadam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 },
  fedyogi: { kind: 'fedyogi', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 },
  fedadagrad: { kind: 'fedadagrad', learningRate: 0.1, beta1: 0, tau: 1e-3 },
  fedbuff: { kind: 'fedbuff', buffer: 5, maxStaleness: 3, learningRate: 1 },
  median: { kind: 'median' },
  'trimmed-mean': { kind: 'trimmed-mean', fraction: 0.2 },
  krum: { kind: 'krum', byzantine: 1, selected: 2 },
  'geometric-median': { kind: 'geometric-median', iterations: 3, smoothing: 1e-6 },
  fednova: { kind: 'fednova' },
  'q-fedavg': { kind: 'q-fedavg', q: 1, lipschitz: 10 },
  scaffold: { kind: 'scaffold' },
  ditto: { kind: 'ditto', lambda: 0.1 },
  fedbn: { kind: 'fedbn' },
};
const specs = STRATEGY_KINDS.map((kind) => SPECS[kind]);

const BASE = { a: [1, -2, 3e-9, 4e5, 0], b: [0.5, 7, -1e-3] };
const value = fc.float({ noNaN: true, min: -1e6, max: 1e6 });
const vector = (like: readonly number[]) => fc.array(value, same(like.length));
const same = (length: number) => ({ minLength: length, maxLength: length });
const delta: fc.Arbitrary<Vectors> = fc.record({ a: vector(BASE.a), b: vector(BASE.b) });
const anySite = fc.tuple(delta, fc.double({ min: 1e-3, max: 1e6, noNaN: true }));
/** Two rounds of sites, more of them than any rule here needs. */
const anyRounds = fc.array(fc.array(anySite, { minLength: 5, maxLength: 9 }), same(2));

const updatesIn = (sites: readonly (readonly [Vectors, number])[]) =>
  updatesOf(
    sites.map(([each]) => each),
    sites.map(([, weight]) => weight),
  );

describe.each(specs)('the strategy $kind', (spec) => {
  it('takes what a job says of it as it stands', () => {
    expect(STRATEGY_TERMS[spec.kind].schema.parse(spec)).toEqual(spec);
  });

  it('invariant 3: gives the same bytes whatever the order in which updates arrived', () =>
    fc.assert(
      fc.asyncProperty(anyRounds, fc.infiniteStream(fc.nat()), async (drawn, chance) => {
        const rounds = drawn.map((sites) => ({ spec, updates: updatesIn(sites) }));
        const shuffled = rounds.map(({ updates }) => ({
          spec,
          updates: updates
            .map((update) => ({ update, place: chance.next().value as number }))
            .sort((a, b) => a.place - b.place)
            .map(({ update }) => update),
        }));
        expect(await play({ base: BASE }, shuffled)).toEqual(await play({ base: BASE }, rounds));
      }),
      { numRuns: 40 },
    ));

  it('invariant 4: gives the same bytes in whatever slices they are computed', () =>
    fc.assert(
      fc.asyncProperty(anyRounds, fc.integer({ min: 1, max: 4 }), async (drawn, sliceLength) => {
        const rounds = drawn.map((sites) => ({ spec, updates: updatesIn(sites) }));
        const whole = await play({ base: BASE }, rounds);
        expect(await play({ base: BASE, sliceLength }, rounds)).toEqual(whole);
      }),
      { numRuns: 40 },
    ));

  it('stays where it is while no site moves, but for what it kept', async () => {
    const still = { a: BASE.a.map(() => 0), b: BASE.b.map(() => 0) };
    const updates = updatesOf(Array(5).fill(still), [1, 2, 3, 4, 5]);
    const [played] = await play({ base: BASE }, [{ spec, updates }]);
    const float32 = { a: Float32Array.from(BASE.a), b: Float32Array.from(BASE.b) };
    expect(played?.model).toEqual(float32);
  });
});

it.each(['fedavg', 'fedprox', 'fedavgm', 'fednova', 'ditto', 'fedbn'] as const)(
  'the strategy %s makes the model of a single site its own, in a job’s first round',
  (kind) =>
    fc.assert(
      fc.asyncProperty(delta, async (only) => {
        const round = { spec: SPECS[kind], updates: updatesOf([only], [3]) };
        const zero = { a: BASE.a.map(() => 0), b: BASE.b.map(() => 0) };
        const [played] = await play({ base: zero }, [round]);
        expect(played?.model).toEqual(
          Object.fromEntries(
            // A zero has no sign once something was added to it.
            Object.entries(only).map(([name, v]) => [name, Float32Array.from(v, (x) => x + 0)]),
          ),
        );
      }),
      { numRuns: 40 },
    ),
);
