import { VirtualClock } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork, SOCKETS } from '@fedvox/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { HeldFederation, type SiteName } from '../support/held-federation.js';

const MINUTE_MS = 60_000;
/** How long each site trains: far longer than a long poll, and not alike. */
const TRAINING_MS: Readonly<Record<SiteName, number>> = {
  east: 4 * MINUTE_MS,
  north: 2 * MINUTE_MS,
  south: 6 * MINUTE_MS,
};
const JOB = { rounds: 3, minSites: 3, deadline: '15m' };

describe('a federation of three sites in one process', () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
  });
  afterAll(async () => {
    await consortium.remove();
  });

  async function overSockets(): Promise<readonly string[]> {
    const federation = await HeldFederation.open(consortium, { wire: SOCKETS, clock: systemClock });
    for (const site of SITES) await federation.join(site);
    const completed = federation.completed();
    await federation.submit(JOB);
    const models = await completed;
    await federation.stop();
    return models;
  }

  it('makes, without a socket and on a virtual clock, the models that it makes over sockets', async () => {
    const startMs = Date.now();
    const clock = new VirtualClock({ startMs, settle: stillness.settle });
    const federation = await HeldFederation.open(consortium, {
      stillness,
      wire: new InProcessNetwork(),
      clock,
      before: (site, { kind }, signal) =>
        kind === 'train' ? clock.sleep(TRAINING_MS[site], signal) : Promise.resolve(),
    });
    for (const site of SITES) await clock.passUntil(federation.join(site));
    const completed = federation.completed();
    await federation.submit(JOB);
    const models = await clock.passUntil(completed);
    expect(process.getActiveResourcesInfo().filter((type) => /TCP|TLS/.test(type))).toEqual([]);
    await clock.passUntil(federation.stop());

    const accepted = federation.facts.filter(({ kind }) => kind === 'update-accepted');
    expect(accepted).toHaveLength(SITES.length * (JOB.rounds + 1));
    const passedMs = clock.nowMs() - startMs;
    expect(passedMs).toBeGreaterThanOrEqual(JOB.rounds * TRAINING_MS.south);
    expect(passedMs).toBeLessThan(JOB.rounds * TRAINING_MS.south + MINUTE_MS);
    expect(models).toHaveLength(JOB.rounds);
    expect(models).toEqual(await overSockets());
  }, 60_000);
});
