import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { type ReportedFigures, tabulate } from './results.js';
import { shownRow } from './shown-figures.js';

const report = (site: string, dice: number | null, auc: number | null): ReportedFigures => ({
  ...{ round: 1, site, weight: 1, figures: { dice, auc } },
});
const rowsOf = (...reports: ReportedFigures[]) =>
  tabulate([sha256('first'), sha256('second')], reports).map(shownRow);

describe('the figures that operators are told', () => {
  it('say of each that is not there why it is not', () => {
    const [first, second] = rowsOf(
      report('north', 0.5, 0.75),
      report('south', 0.25, null),
      report('west', null, null),
    );
    expect(first?.sites.map(({ missing }) => missing)).toEqual([
      undefined,
      { auc: 'undefined' },
      { dice: 'withheld', auc: 'withheld' },
    ]);
    expect(first?.missing).toBeUndefined();
    expect(second).toMatchObject({ sites: [], missing: { dice: 'not-yet', auc: 'not-yet' } });
  });

  it('are withheld of a model where all who answered withhold theirs, and undefined where one did not', () => {
    const withheld = rowsOf(report('north', null, null), report('south', null, null))[0];
    expect(withheld?.missing).toEqual({ dice: 'withheld', auc: 'withheld' });
    const told = rowsOf(report('north', 0.5, null), report('south', null, null))[0];
    expect(told?.missing).toEqual({ auc: 'undefined' });
  });

  it('tell a site that gave no answer from one that withheld', () => {
    const [, , later] = tabulate(
      ['first', 'second', 'third'].map((name) => sha256(name)),
      [
        { ...report('north', 0.5, 0.5), round: 2 },
        { ...report('north', 0.5, 0.5), round: 3 },
        { ...report('south', 0.5, 0.5), round: 2 },
      ],
    ).map(shownRow);
    expect(later?.sites).toEqual([
      expect.not.objectContaining({ missing: expect.anything() }),
      expect.objectContaining({ site: 'south', missing: { dice: 'no-answer', auc: 'no-answer' } }),
    ]);
  });
});
