import { Stillness } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { walk } from '../support/walk-federation.js';
import { brokenInvariants } from '../support/walk-invariants.js';
import { drawWalk } from '../support/walk-plan.js';

/** `npm run random-walk` takes a thousand, or as many as it is told, or the one that failed; elsewhere a few stand for them. */
const { FEDVOX_RANDOM_WALKS: asked, FEDVOX_RANDOM_WALK_SEED: only } = process.env;
const WALKS_IN_SHORT = 4;
const [first, count] =
  only === undefined ? [0, Number(asked ?? WALKS_IN_SHORT)] : [Number(only), 1];

let consortium: TestConsortium;
let stillness: Stillness;
beforeAll(async () => {
  consortium = await createTestConsortium();
  stillness = new Stillness();
}, 60_000);
afterAll(() => consortium.remove());

/** How it ended, and what did not hold. */
async function walked(seed: number): Promise<{ end: string; broken: readonly string[] }> {
  try {
    const left = await walk(drawWalk(seed), consortium, stillness);
    try {
      return { end: left.end, broken: await brokenInvariants(left) };
    } finally {
      await left.close();
    }
  } catch (error) {
    return { end: 'broken', broken: [error instanceof Error ? `${error.stack}` : String(error)] };
  }
}

describe('whatever befalls a small federation', { timeout: 20_000 + 30_000 * count }, () => {
  it('every invariant that can be seen from outside holds', async () => {
    const ends = new Map<string, number>();
    for (let seed = first; seed < first + count; seed++) {
      const { end, broken } = await walked(seed);
      const again = `again: FEDVOX_RANDOM_WALK_SEED=${seed} npm run random-walk`;
      expect(broken, `${again}\n${JSON.stringify(drawWalk(seed))}`).toEqual([]);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    console.info(`${count} walks ended: ${JSON.stringify(Object.fromEntries(ends))}`);
    if (count > 1) expect(ends.get('completed')).toBeGreaterThan(count / 4);
  });
});
