import { capWeights } from '@fedvox/aggregation';
import { type Sha256, sha256, VirtualClock } from '@fedvox/base';
import { DEFAULT_MAX_SHARE, plateauCuts } from '@fedvox/job';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { TRAIN_CASES } from '../support/digest-trainer.mjs';
import { HeldFederation } from '../support/held-federation.js';

const ROUNDS = 6;
const PLATEAU = { factor: 0.5, patience: 0, threshold: 0.05 };

/** The Dice of the model that a round begins with, as the sites' trainers make it up. */
function diceIn(round: number, base: Sha256): number {
  const weights = SITES.map((site) => ({ site, weight: TRAIN_CASES[site] }));
  const shares = [...capWeights(weights, DEFAULT_MAX_SHARE)];
  const total = shares.reduce((sum, [, weight]) => sum + weight, 0);
  const figures = shares.map(([site, weight]) => {
    const byte = Number.parseInt(sha256(`${site}/${round}/${base}/dice`).slice(0, 2), 16);
    return (weight * byte) / 256;
  });
  return figures.reduce((sum, figure) => sum + figure, 0) / total;
}

describe('a job whose learning rate goes by its models’ figures', () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
  });
  afterAll(async () => {
    await consortium.remove();
  });

  /** The cuts that each site was told in each round, and the models that came of it. */
  async function federated(restartIn: number | null) {
    const clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const told = new Map<number, Map<string, number>>();
    const federation = await HeldFederation.open(consortium, {
      stillness,
      ...{ wire: new InProcessNetwork(), clock },
      before: async (site, work) => {
        if (work.kind !== 'train') return;
        const ofRound = told.get(work.round) ?? new Map();
        told.set(work.round, ofRound.set(site, work.rateCuts ?? 0));
      },
    });
    for (const site of SITES) await clock.passUntil(federation.join(site));
    const reached = federation.next(
      ({ fact }) => fact.kind === 'round-committed' && fact.round === restartIn,
    );
    const completed = federation.completed();
    const schedule = { kind: 'plateau', ...PLATEAU } as const;
    const training = { batchSize: 1, schedule };
    await federation.submit({ rounds: ROUNDS, minSites: 3, training });
    if (restartIn !== null) {
      await clock.passUntil(reached);
      await clock.passUntil(federation.restartCoordinator());
    }
    const models = await clock.passUntil(completed);
    await clock.passUntil(federation.stop());
    return { told, models };
  }

  it('is told alike to every site, by figures of rounds before alone', async () => {
    const { told, models } = await federated(null);
    const figures = models.map((model, at) => diceIn(at + 2, model));
    const expected = Array.from({ length: ROUNDS }, (_, at) =>
      // Of round at + 1 the models up to that of round at − 1 were scored in rounds before.
      plateauCuts(PLATEAU, 'dice', figures.slice(0, Math.max(0, at - 1))),
    );
    expect(expected.at(-1)).toBeGreaterThan(0);
    for (const [at, cuts] of expected.entries()) {
      expect([...(told.get(at + 1) ?? [])].sort()).toEqual(
        SITES.map((site) => [site, cuts]).sort(),
      );
    }
  }, 60_000);

  it('is told the same where the coordinator starts again in between', async () => {
    expect(await federated(4)).toEqual(await federated(null));
  }, 60_000);
});
