import { describe, expect, it } from 'vitest';
import type { JobDetails } from '../rest-contract.js';
import { chooseModel } from './model-choice.js';

const digest = (round: number) => String(round).repeat(64);
const row = (round: number, dice: number | null | undefined) => ({
  round,
  modelSha256: digest(round),
  sites: dice === undefined ? [] : [{ site: 'north', dice, auc: null, weight: 1 }],
  dice: dice ?? null,
  auc: null,
});
const scored = (round: number, bySite: Readonly<Record<string, number>>) => ({
  ...row(round, 0.55),
  sites: Object.entries(bySite).map(([site, dice]) => ({ site, dice, auc: null, weight: 1 })),
});
const job = (changes: Partial<JobDetails>): JobDetails => ({
  id: 'lesions-1',
  name: 'lesions',
  status: 'running',
  reason: null,
  round: 1,
  totalRounds: 3,
  submittedAtMs: 0,
  jobSha256: digest(9),
  bestBy: 'dice',
  maxShare: 0.5,
  verdicts: [],
  gate: [],
  rounds: [row(0, undefined)],
  nextRound: null,
  orders: [],
  refused: [],
  best: null,
  current: null,
  ...changes,
});

describe('the model of a job', () => {
  it('is the best one, or the one of the round that is named', () => {
    const best = { round: 1, sha256: digest(1) };
    const details = job({ rounds: [row(0, 0.1), row(1, 0.5), row(2, 0.4)], best });
    expect(chooseModel(details)).toEqual(best);
    expect(chooseModel(details, 2)).toEqual({ round: 2, sha256: digest(2) });
    expect(chooseModel(details, 0)).toEqual({ round: 0, sha256: digest(0) });
    expect(() => chooseModel(details, 3)).toThrow('no model of round 3; its last one so far is 2');
  });

  it.each([
    ['no round has ended', [row(0, undefined)], /none of its 3 rounds has ended yet/],
    ['its figures are still to come', [row(0, 0.1), row(1, undefined)], /round 1's model come in/],
    [
      'they were withheld',
      [row(0, null), row(1, null)],
      /no site has sent a dice figure.*withhold/,
    ],
    [
      'none beats all others on the sites that scored both',
      [
        row(0, 0.1),
        scored(1, { a: 0.6, c: 0.5 }),
        scored(2, { a: 0.5, b: 0.6 }),
        scored(3, { b: 0.5, c: 0.6 }),
      ],
      /rounds 1, 2, 3 were scored by different sites, and on those that scored both each is beaten/,
    ],
  ])('is refused by name while %s', (_, rounds, why) => {
    expect(() => chooseModel(job({ rounds }))).toThrow(why);
  });
});
