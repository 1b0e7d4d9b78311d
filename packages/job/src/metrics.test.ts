import { describe, expect, it } from 'vitest';
import {
  figuresOf,
  hasNoFigure,
  METRIC_NAMES,
  METRICS,
  metricTitles,
  NO_FIGURES,
  perMetric,
} from './metrics.js';

describe('the figures that a site may report', () => {
  it('are told in the order in which they are defined, by the titles that people know', () => {
    expect(metricTitles()).toBe('Dice and AUC');
    expect(Object.keys(perMetric((metric) => metric))).toEqual(METRIC_NAMES);
  });

  it('are taken alone from what has more to say, whatever its order', () => {
    const evaluation = { auc: 0.5, validationCases: 12, dice: null };
    expect(JSON.stringify(figuresOf(evaluation))).toBe('{"dice":null,"auc":0.5}');
  });

  it('are none where each of them is undefined or withheld', () => {
    expect(hasNoFigure(NO_FIGURES)).toBe(true);
    expect(hasNoFigure({ ...NO_FIGURES, auc: 0 })).toBe(false);
  });

  it('lie within a range in which a figure of nothing found does too', () => {
    for (const metric of METRIC_NAMES) {
      const { range, nothingFound } = METRICS[metric];
      expect(range[0]).toBeLessThan(range[1]);
      if (nothingFound !== null) expect(range).toContain(nothingFound);
    }
  });
});
