import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { bestOf, type ReportedFigures, tabulate } from './results.js';

const models = ['untrained', 'first', 'second'].map((name) => sha256(name));
const report = (round: number, site: string, dice: number | null, weight = 1): ReportedFigures => ({
  round,
  site,
  weight,
  figures: { dice, auc: null },
});

describe('the table of a job', () => {
  it('gives each model the figures that were collected in the round after it', () => {
    const rows = tabulate(models, [report(1, 'north', 0.1), report(2, 'north', 0.5)]);
    expect(rows.map(({ round, dice }) => [round, dice])).toEqual([
      [0, 0.1],
      [1, 0.5],
      [2, null],
    ]);
  });

  it('weights the sites of a model, and leaves the cell of a silent one empty', () => {
    const reports = [
      report(1, 'north', 0.5, 3),
      report(1, 'south', 0.25, 1),
      report(2, 'north', 1),
    ];
    const [untrained, first] = tabulate(models, reports);
    expect(untrained?.dice).toBe((3 * 0.5 + 0.25) / 4);
    expect(first?.sites).toEqual([
      { site: 'north', dice: 1, auc: null, weight: 1 },
      { site: 'south', dice: null, auc: null, weight: null },
    ]);
  });
});

describe('the best model', () => {
  const rowsOf = (...dice: (number | null)[]) =>
    tabulate(
      dice.map((_, round) => sha256(`model ${round}`)),
      dice.map((figure, round) => report(round + 1, 'north', figure)),
    );

  it('may be the last one', () => {
    expect(bestOf(rowsOf(0.9, 0.3, 0.5, 0.7), { metric: 'dice' })?.round).toBe(3);
  });

  it('is never the untrained one', () => {
    expect(bestOf(rowsOf(0.9, 0.3, 0.2), { metric: 'dice' })?.round).toBe(1);
  });

  it('is the earlier of two equals', () => {
    expect(bestOf(rowsOf(null, 0.4, 0.4), { metric: 'dice' })?.round).toBe(1);
  });

  it('is unknown where every figure was withheld', () => {
    expect(bestOf(rowsOf(null, null), { metric: 'dice' })).toBeNull();
  });
});
