import { VirtualClock } from '@fedvox/base';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byLot } from '../../packages/coordinator/src/core/lots.js';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { HeldFederation } from '../support/held-federation.js';

const MINUTE_MS = 60_000;
const ROUNDS = 4;
const CALLED = 2;
/** As the job's. */
const SEED = 1;

describe('a federation of which a part trains in each round', { timeout: 240_000 }, () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
  });
  afterAll(async () => {
    await consortium.remove();
  });

  async function run(drill: (federation: HeldFederation, clock: VirtualClock) => Promise<unknown>) {
    const clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const federation = await HeldFederation.open(consortium, {
      stillness,
      wire: new InProcessNetwork(),
      clock,
      before: (_, { kind }, signal) =>
        kind === 'train' ? clock.sleep(MINUTE_MS, signal) : Promise.resolve(),
    });
    for (const site of SITES) await clock.passUntil(federation.join(site));
    await drill(federation, clock);
    await clock.passUntil(federation.stop());
    return federation;
  }

  const job = {
    rounds: ROUNDS,
    minSites: CALLED,
    deadline: '4h',
    participation: { kind: 'fraction', fraction: 0.5 },
  } as const;
  const answersOf = ({ facts }: HeldFederation, round: number) =>
    facts.flatMap((fact) =>
      fact.kind === 'update-accepted' && fact.round === round ? [fact.site] : [],
    );

  it('calls those whom the job’s seed draws, and all of them to evaluate the last model', async () => {
    const models: (readonly string[])[] = [];
    const once = () =>
      run(async (federation, clock) => {
        const completed = federation.completed();
        await federation.submit(job);
        models.push(await clock.passUntil(completed));
      });
    const federation = await once();
    for (let round = 1; round <= ROUNDS; round++) {
      const drawn = byLot(SITES, SEED, round).slice(0, CALLED).sort();
      expect(answersOf(federation, round).sort()).toEqual(drawn);
    }
    expect(answersOf(federation, ROUNDS + 1).sort()).toEqual([...SITES]);
    expect(federation.facts.map(({ kind }) => kind)).not.toContain('site-not-awaited');
    await once();
    expect(models[1]).toEqual(models[0]);
  });

  it('calls another in place of one that leaves', async () => {
    const [first, second, third] = byLot(SITES, SEED, 1);
    const federation = await run(async (federation, clock) => {
      const opened = federation.next(({ fact }) => fact.kind === 'round-opened');
      await federation.submit({ ...job, rounds: 1 });
      await clock.passUntil(opened);
      const gone = SITES.find((site) => site === first);
      if (gone === undefined) throw new Error('it is one of them');
      await clock.passUntil(federation.leave(gone));
      const called = federation.next(({ fact }) => fact.kind === 'site-called');
      const { fact } = await clock.passUntil(called);
      expect(fact).toMatchObject({ site: third, round: 1 });
      const closing = federation.next(({ fact }) => fact.kind === 'round-committed');
      await clock.passUntil(closing);
    });
    expect(answersOf(federation, 1).sort()).toEqual([second, third].sort());
  });
});
