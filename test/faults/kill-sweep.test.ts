import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { seededRandom } from '@fedvox/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { buildPackages } from '../support/coordinator-process.js';
import type { JobChanges } from '../support/federation.js';
import { Ground, type Party } from '../support/ground.js';
import { runKilled } from '../support/kill-sweep.js';

/** `npm run kill-sweep` goes through `all` boundaries, or as many as it is told; elsewhere a few stand for them. */
const { FEDVOX_KILL_SWEEP: asked, FEDVOX_KILL_SWEEP_SURVIVED: survivedPath } = process.env;
const POINTS_IN_SHORT = 2;
const points = asked === 'all' ? Number.POSITIVE_INFINITY : Number(asked ?? POINTS_IN_SHORT);
/** Runs are mostly waiting. */
const AT_ONCE = 2;

/** Two moments are kept by the coordinator, and at each site what an update left out. */
const FEDADAM = {
  name: 'fedadam, top-k',
  strategy: { kind: 'fedadam', learningRate: 0.1 },
  encoding: { kind: 'top-k', fraction: 0.25 },
} as const;
/** Each site keeps its correction. */
const SCAFFOLD = {
  name: 'scaffold',
  strategy: { kind: 'scaffold' },
  training: { batchSize: 1, optimizer: { kind: 'sgd', learningRate: 0.1 }, localSteps: 4 },
} as const;
const SHORT: readonly Sweep[] = [
  { terms: FEDADAM, victim: 'coordinator' },
  { terms: SCAFFOLD, victim: 'north' },
];
const SWEEPS: readonly Sweep[] = [
  ...SHORT,
  ...(asked !== undefined
    ? [
        { terms: FEDADAM, victim: 'north' as const },
        { terms: SCAFFOLD, victim: 'coordinator' as const },
      ]
    : []),
];

interface Sweep {
  readonly terms: JobChanges & { readonly name: string };
  readonly victim: Party;
}

let consortium: TestConsortium;
beforeAll(async () => {
  consortium = await createTestConsortium();
  buildPackages('coordinator', 'agent');
}, 180_000);
afterAll(() => consortium.remove());

describe('invariant 2: in a job of two rounds', () => {
  it.each(SWEEPS)(
    'by $terms.name, $victim loses nothing, killed at any write and any message',
    {
      timeout: asked !== undefined ? 3 * 3_600_000 : 300_000,
    },
    async ({ terms: { name, ...terms }, victim }) => {
      const ground = await Ground.lay(consortium, { rounds: 2, ...terms });
      const calm = await runKilled(ground, victim);
      expect(calm.outcome.status).toBe('completed');
      expect(calm.outcome.rounds.map(([, , updates]) => updates)).toEqual([3, 3, 3]);
      const names = [...new Set(calm.passed)];
      const chosen = sample(names, victim);
      const survivors = new Survivors(`${name}, ${victim}: `);
      const missed: string[] = [];
      await eachOf(
        chosen.filter((point) => !survivors.has(point)),
        async (point) => {
          const { died, outcome } = await runKilled(ground, victim, point);
          expect([point, outcome]).toEqual([point, calm.outcome]);
          if (died) survivors.add(point);
          else missed.push(point);
        },
      );
      await ground.remove();
      // Who comes first decides on a few: a run may have less of them than the calm one.
      const tolerated = Math.max(1, chosen.length / 20);
      expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(tolerated);
      const survived = chosen.length - missed.length;
      const of = chosen.length < names.length ? ` of ${names.length}` : '';
      console.log(`${name}, ${victim}: ${survived} points${of}: all survived, byte-identical`);
    },
  );
});

function sample(names: readonly string[], seed: string): string[] {
  const random = seededRandom(seed);
  return names
    .map((name) => [random.uniform(), name] as const)
    .sort(([a], [b]) => a - b)
    .slice(0, points)
    .map(([, name]) => name);
}

async function eachOf<Each>(all: readonly Each[], work: (each: Each) => Promise<void>) {
  const left = [...all];
  const take = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
}

/** The points that a sweep has behind it: where they are kept, one that was cut off goes on with the others. */
class Survivors {
  readonly #points: ReadonlySet<string>;

  constructor(readonly sweep: string) {
    const isKept = survivedPath !== undefined && existsSync(survivedPath);
    this.#points = new Set(isKept ? readFileSync(survivedPath, 'utf8').split('\n') : []);
  }

  has(point: string): boolean {
    return this.#points.has(this.sweep + point);
  }

  add(point: string): void {
    if (survivedPath !== undefined) appendFileSync(survivedPath, `${this.sweep}${point}\n`);
  }
}
