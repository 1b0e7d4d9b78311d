import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { buildPackages } from '../support/coordinator-process.js';
import { Ground, type Outcome } from '../support/ground.js';
import { type Soaked, soak, type Vitals } from '../support/soak.js';
import { tinyWeights } from '../support/tiny-model.js';

/** `npm run soak` says how many rounds; elsewhere a few stand for them. */
const { FEDVOX_SOAK_ROUNDS: asked, FEDVOX_SOAK_SEED } = process.env;
const rounds = Number(asked ?? 12);
const seed = Number(FEDVOX_SOAK_SEED ?? 16);
const isFull = asked !== undefined;
const timeout = 180_000 + (isFull ? rounds * 20_000 : 0);
/** Transfers of some twenty chunks. */
const SHAPES = { weight: [4_000] };

/** What a round may leave on the coordinator's heap, which is nothing but for chance. */
const HEAP_BYTES_PER_ROUND = 300;
/** The allocator's, for what comes and goes. */
const MEMORY_GROWTH = 1.1;
const MORE_DESCRIPTORS = 3;
/** A round's rows are as many as the one's before. */
const DATABASE_GROWTH = 1.3;
/** Fifths of fewer rounds say nothing. */
const WATCHED_FROM_ROUNDS = 100;

let consortium: TestConsortium;
let ground: Ground;
beforeAll(async () => {
  consortium = await createTestConsortium();
  buildPackages('coordinator', 'agent');
  const strategy = { kind: 'fedadam', learningRate: 0.1 } as const;
  ground = await Ground.lay(consortium, { rounds, strategy }, tinyWeights('soak', 1, SHAPES));
}, 180_000);
afterAll(async () => {
  await ground.remove();
  await consortium.remove();
});

describe(`invariant 2: a job of ${rounds} rounds`, { timeout }, () => {
  it('ends in the same bytes though lines are cut and held, programs killed, messages sent twice', async () => {
    onTestFailed(() => console.error(`again: npm run soak -- --rounds=${rounds} --seed=${seed}`));
    const calm = isFull ? await soak(ground, { watchFrom: 1 }) : undefined;
    const expected = calm?.outcome ?? (await ground.suffer({}));
    expectWhole(expected);
    const watchFrom = isFull ? rounds / 2 : Number.POSITIVE_INFINITY;
    const hard = await soak(ground, { seed, watchFrom });
    expect(hard.outcome).toEqual(expected);
    const kinds = ['line-cut', 'line-held', 'agent-killed', 'coordinator-killed'];
    for (const kind of [...kinds, 'beginUpload sent twice', 'submit sent twice']) {
      expect(hard.hardships.get(kind) ?? 0, kind).toBeGreaterThan(0);
    }
    for (const [name, run] of Object.entries({ calm, hard })) {
      if (run === undefined || run.vitals.length < WATCHED_FROM_ROUNDS) continue;
      console.log(figuresOf(name, run));
      expectFlat(run.vitals);
    }
  });
});

/** Every site counted in every round, the last one's evaluation too, and nothing was left over. */
function expectWhole({ status, rounds: made, sites }: Outcome): void {
  expect(status).toBe('completed');
  expect(made.map(([, , updates]) => updates)).toEqual(Array(rounds + 1).fill(3));
  expect(new Set(made.map(([model]) => model)).size).toBe(rounds);
  expect(sites).toEqual(Array(3).fill([rounds + 1, 0]));
}

/** The last fifth of the rounds beside the second one: the first warms up. */
function expectFlat(vitals: readonly Vitals[]): void {
  const [second, last] = [fifth(vitals, 1), fifth(vitals, 4)];
  const apart = mean(last, 'round') - mean(second, 'round');
  const heapGrowth = (mean(last, 'heapBytes') - mean(second, 'heapBytes')) / apart;
  expect(heapGrowth, 'heap').toBeLessThan(HEAP_BYTES_PER_ROUND);
  const memory = mean(second, 'memoryBytes') * MEMORY_GROWTH;
  expect(mean(last, 'memoryBytes'), 'memory').toBeLessThan(memory);
  const descriptors = mean(second, 'descriptors') + MORE_DESCRIPTORS;
  expect(mean(last, 'descriptors'), 'descriptors').toBeLessThan(descriptors);
  const [early, late] = [vitals.slice(0, vitals.length / 2), vitals.slice(vitals.length / 2)];
  expect(rowBytes(late), 'rows').toBeLessThan(rowBytes(early) * DATABASE_GROWTH);
}

function fifth<Each>(all: readonly Each[], which: number): readonly Each[] {
  const size = all.length / 5;
  return all.slice(which * size, (which + 1) * size);
}

function mean(vitals: readonly Vitals[], of: keyof Vitals): number {
  const values = vitals.flatMap((each) => each[of] ?? []);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** By how much the database grew with each round. */
function rowBytes(vitals: readonly Vitals[]): number {
  const [first, last] = [vitals[0], vitals.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return (last.databaseBytes - first.databaseBytes) / (last.round - first.round);
}

function figuresOf(name: string, { hardships, vitals, wallMs }: Soaked): string {
  const kinds = [...hardships].sort().map(([kind, times]) => `${kind} ${times}`);
  const columns = [1, 2, 3, 4].map((which) => {
    const part = fifth(vitals, which);
    const mib = (of: keyof Vitals) => (mean(part, of) / 2 ** 20).toFixed(2);
    const [from, to] = [part[0]?.round, part.at(-1)?.round];
    return (
      `  rounds ${from} to ${to}: ${mib('memoryBytes')} MiB of its own, ${mib('heapBytes')} MiB heap, ` +
      `${mean(part, 'descriptors').toFixed(1)} descriptors, ${mib('databaseBytes')} MiB rows`
    );
  });
  return [
    `${name}: ${rounds} rounds in ${(wallMs / 60_000).toFixed(1)} minutes`,
    `  ${kinds.join(', ') || 'no hardship'}`,
    ...columns,
  ].join('\n');
}
