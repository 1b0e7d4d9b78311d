import { seededRandom } from '@fedvox/base';
import type { JobInput } from '@fedvox/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { buildPackages } from '../support/coordinator-process.js';
import { Ground, type Party } from '../support/ground.js';
import { runKilled } from '../support/kill-sweep.js';

/** `npm run kill-sweep` goes through `all` boundaries, or as many as it is told; elsewhere a few stand for them. */
const { FEDVOX_KILL_SWEEP: asked } = process.env;
const POINTS_IN_SHORT = 2;
const points = asked === 'all' ? Number.POSITIVE_INFINITY : Number(asked ?? POINTS_IN_SHORT);
/** Runs are mostly waiting. */
const AT_ONCE = 2;

/** Both keep a state from round to round. */
const FEDADAM = { kind: 'fedadam', learningRate: 0.1 } as const;
const FEDAVGM = { kind: 'fedavgm' } as const;
const SHORT: readonly Sweep[] = [
  { strategy: FEDADAM, victim: 'coordinator' },
  { strategy: FEDAVGM, victim: 'north' },
];
const SWEEPS: readonly Sweep[] = [
  ...SHORT,
  ...(asked !== undefined
    ? [
        { strategy: FEDADAM, victim: 'north' as const },
        { strategy: FEDAVGM, victim: 'coordinator' as const },
      ]
    : []),
];

interface Sweep {
  readonly strategy: NonNullable<JobInput['federation']['strategy']>;
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
    'by $strategy.kind, $victim loses nothing, killed at any write and any message',
    {
      timeout: asked !== undefined ? 3 * 3_600_000 : 300_000,
    },
    async ({ strategy, victim }) => {
      const ground = await Ground.lay(consortium, { rounds: 2, strategy });
      const calm = await runKilled(ground, victim);
      expect(calm.outcome.status).toBe('completed');
      expect(calm.outcome.rounds.map(([, , updates]) => updates)).toEqual([3, 3, 3]);
      const names = [...new Set(calm.passed)];
      const chosen = sample(names, victim);
      const missed: string[] = [];
      await eachOf(chosen, async (point) => {
        const { died, outcome } = await runKilled(ground, victim, point);
        expect([point, outcome]).toEqual([point, calm.outcome]);
        if (!died) missed.push(point);
      });
      await ground.remove();
      // Who comes first decides on a few: a run may have less of them than the calm one.
      const tolerated = Math.max(1, chosen.length / 20);
      expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(tolerated);
      const survived = chosen.length - missed.length;
      const of = chosen.length < names.length ? ` of ${names.length}` : '';
      console.log(
        `${strategy.kind}, ${victim}: ${survived} points${of}: all survived, byte-identical`,
      );
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
