import { stateFolder } from '@fedvox/agent';
import { answerApproval } from '@fedvox/agent/records';
import { VirtualClock } from '@fedvox/base';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { HeldFederation, type JobMoment, type Surroundings } from '../support/held-federation.js';

const MINUTE_MS = 60_000;
const ROUNDS = 4;

/** Real agents and a real coordinator in one process, on a clock that the test moves; people are asked in the south. */
describe('a site whose people are asked before a job begins', { timeout: 240_000 }, () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  let clock: VirtualClock;
  let federation: HeldFederation;
  let job: string;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
    // An agent loads it when it first asks its people, and what is being loaded is not seen to be under way.
    await import('@fedvox/learning');
  });
  afterAll(() => consortium.remove());
  beforeEach(async () => {
    clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const before: Surroundings['before'] = (_, work, signal) =>
      work.kind === 'train' ? clock.sleep(MINUTE_MS, signal) : Promise.resolve();
    federation = await HeldFederation.open(consortium, {
      ...{ wire: new InProcessNetwork(), clock, stillness, before },
      policyOf: (site) => (site === 'south' ? { approval: 'ask' } : {}),
    });
    for (const site of SITES) await clock.passUntil(federation.join(site));
    job = await federation.submit({ rounds: ROUNDS, minSites: 2, deadline: '30m' });
  }, 60_000);
  afterEach(() => clock.passUntil(federation.stop()), 60_000);

  const until = (isWanted: (fact: JobMoment['fact']) => boolean) =>
    clock.passUntil(federation.next(({ fact }) => isWanted(fact)));
  const answer = (verdict: 'approved' | 'refused') => {
    const { approvals } = stateFolder(federation.stateDirOf('south'));
    const said = { job, verdict, atMs: clock.nowMs(), by: 'anna', reason: null };
    return answerApproval(approvals, said);
  };
  const sitesOf = (round: number) =>
    federation.facts
      .flatMap((fact) =>
        fact.kind === 'update-accepted' && fact.round === round ? [fact.site] : [],
      )
      .sort();
  const gates = () =>
    federation.facts.flatMap((fact) =>
      fact.kind === 'gate-reported' && fact.site === 'south' ? [fact.outcome] : [],
    );

  it('is not waited for, and joins at the next round once one of them has approved', async () => {
    await until((fact) => fact.kind === 'round-committed' && fact.round === 1);
    expect(sitesOf(1)).toEqual(['east', 'north']);
    expect(new Set(gates())).toEqual(new Set(['awaiting-approval']));
    await answer('approved');
    await clock.passUntil(federation.completed());
    expect(gates().at(-1)).toBe('pass');
    expect(sitesOf(ROUNDS)).toEqual([...SITES]);
  });

  it('is left out by its policy where one of them refuses', async () => {
    await until((fact) => fact.kind === 'gate-reported' && fact.site === 'south');
    await answer('refused');
    await clock.passUntil(federation.completed());
    expect(gates().at(-1)).toBe('refused-by-policy');
    expect(sitesOf(ROUNDS)).toEqual(['east', 'north']);
  });
});
