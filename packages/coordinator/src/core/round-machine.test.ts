import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { quorumOf, type RoundState, stepRound } from './round-machine.js';

const SITES = ['east', 'north', 'south'];

/** The round at its deadline, where two of three sites have given their updates. */
function atDeadline(everySite: boolean): RoundState {
  const pending: RoundState = {
    ...{ phase: 'pending', number: 1, work: 'train', sites: SITES },
    ...{ baseModel: sha256('base'), baseState: null },
  };
  const minSites = quorumOf(pending, 2, { everySite });
  const rules = { minSites, deadlineMs: 1_000, graceMs: null };
  const answer = (site: string) => ({ kind: 'update', statement: sha256(site) }) as const;
  const events = [
    { kind: 'round-opened', nowMs: 0, silentSites: [] },
    { kind: 'site-answered', site: 'east', answer: answer('east'), nowMs: 1 },
    { kind: 'site-answered', site: 'north', answer: answer('north'), nowMs: 2 },
    { kind: 'tick', nowMs: 1_000, away: [] },
    { kind: 'updates-settled' },
  ] as const;
  return events.reduce<RoundState>((round, event) => stepRound(round, event, rules), pending);
}

describe('a round at its deadline', () => {
  it('is aggregated from as many updates as the job asks for', () => {
    expect(atDeadline(false)).toMatchObject({ phase: 'aggregating' });
  });

  it('fails without one of its sites where its strategy takes all', () => {
    expect(atDeadline(true)).toMatchObject({ phase: 'failed', reason: 'quorum-not-reached' });
  });
});
