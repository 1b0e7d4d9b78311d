import { readFile } from 'node:fs/promises';
import { sha256, VirtualClock } from '@fedvox/base';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import { decodeWeights, encodeWeights, tensorOf, type Weights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { dyadics } from '../support/digest-trainer.mjs';
import { INITIAL_WEIGHTS } from '../support/federation.js';
import { HeldFederation, type SiteName } from '../support/held-federation.js';

const MINUTE_MS = 60_000;
/** South is still at a round's work when two more have begun. */
const TRAINING_MS: Readonly<Record<SiteName, number>> = {
  east: 4 * MINUTE_MS,
  north: 5.5 * MINUTE_MS,
  south: 14 * MINUTE_MS,
};
const ROUNDS = 6;
const BUFFER = 2;
const INITIAL = sha256(encodeWeights(INITIAL_WEIGHTS));

describe('a federation whose rounds overlap', { timeout: 240_000 }, () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  let calm: Awaited<ReturnType<typeof told>>;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
    calm = await told({ maxStaleness: 3 });
  }, 120_000);
  afterAll(async () => {
    await consortium.remove();
  });

  interface Story {
    readonly maxStaleness: number;
    /** What happens besides, from the job's beginning on. */
    readonly meanwhile?: (federation: HeldFederation, clock: VirtualClock) => Promise<void>;
  }

  async function told({ maxStaleness, meanwhile }: Story) {
    const clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const trained = new Map<SiteName, number>(SITES.map((site) => [site, 0]));
    const federation = await HeldFederation.open(consortium, {
      stillness,
      wire: new InProcessNetwork(),
      clock,
      before: async (site, { kind }, signal) => {
        if (kind !== 'train') return;
        await clock.sleep(TRAINING_MS[site], signal);
        trained.set(site, (trained.get(site) ?? 0) + 1);
      },
    });
    for (const site of SITES) await clock.passUntil(federation.join(site));
    const completed = federation.completed();
    const strategy = { kind: 'fedbuff', buffer: BUFFER, maxStaleness } as const;
    await federation.submit({ rounds: ROUNDS, minSites: 2, deadline: '4h', strategy });
    await meanwhile?.(federation, clock);
    const models = await clock.passUntil(completed);
    const weights: Weights[] = [];
    for (const digest of [INITIAL, ...models]) {
      const path = await federation.services.blobs.path(digest);
      weights.push(decodeWeights(await readFile(path)));
    }
    await clock.passUntil(federation.stop());
    const answers = federation.facts.flatMap((fact) => {
      if (fact.kind !== 'update-accepted' || fact.round > ROUNDS) return [];
      const { round, site, staleness = 0 } = fact;
      return [{ round, site, staleness }];
    });
    return { models, weights, answers, trained, facts: federation.facts };
  }

  it('lets a slow site go on, and counts its update in the round that is open when it comes', () => {
    const { models, answers, trained, facts } = calm;
    expect(models).toHaveLength(ROUNDS);
    expect(new Set(models).size).toBe(ROUNDS);
    const late = answers.filter(({ staleness }) => staleness > 0);
    expect(late.map(({ site }) => site)).toContain('south');
    expect(Math.max(...late.map(({ staleness }) => staleness))).toBeGreaterThanOrEqual(2);
    // What was trained to its end was counted: nothing was thrown away.
    const counted = answers.filter(({ site }) => site === 'south').length;
    expect(counted).toBe(trained.get('south'));
    for (const fact of facts) {
      if (fact.kind !== 'round-closing' || fact.round > ROUNDS) continue;
      expect(fact.cause).toBe('buffer-full');
    }
    expect(facts.map(({ kind }) => kind)).not.toContain('site-not-awaited');
  });

  it('steps from the present model by what was trained from earlier ones, less the later it comes', () => {
    const { models, weights, answers } = calm;
    const bases = [INITIAL, ...models];
    for (let round = 1; round <= ROUNDS; round++) {
      const counted = answers.filter((answer) => answer.round === round);
      expect(counted).toHaveLength(BUFFER);
      for (const [name, { data }] of weights[round - 1] ?? []) {
        const deltas = counted.map(({ site, staleness }) => {
          const madeFor = round - staleness;
          const seed = `${site}/${madeFor}/${bases[madeFor - 1]}/${name}`;
          return dyadics(seed, data.length).map((value) => value / Math.sqrt(1 + staleness));
        });
        const made = tensorOf(weights[round] ?? new Map(), name).data;
        for (const [i, value] of data.entries()) {
          const step = deltas.reduce((sum, delta) => sum + (delta[i] ?? 0), 0) / BUFFER;
          expect(made[i]).toBeCloseTo(value + step, 6);
        }
      }
    }
  });

  it('ends the work of a site that would come too late, and takes its next', async () => {
    const { answers, trained } = await told({ maxStaleness: 1 });
    expect(answers.every(({ staleness }) => staleness <= 1)).toBe(true);
    expect(trained.get('south')).toBe(0);
  });

  it('makes the same bytes of the same arrivals where its coordinator restarts in between', async () => {
    const restarted = await told({
      maxStaleness: 3,
      meanwhile: async (federation, clock) => {
        // South is at the work of an earlier round, and one update of the present one is in.
        const half = federation.next(
          ({ fact }) => fact.kind === 'update-accepted' && fact.round === 3,
        );
        await clock.passUntil(half);
        await clock.passUntil(federation.restartCoordinator());
      },
    });
    expect(restarted.answers).toEqual(calm.answers);
    expect(restarted.models).toEqual(calm.models);
  });
});
