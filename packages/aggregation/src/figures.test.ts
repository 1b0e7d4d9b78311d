import { describe, expect, it } from 'vitest';
import { combineFigures } from './index.js';

describe('the figures of a global model', () => {
  it('are means weighted with the FedAvg weights', () => {
    const sites = [
      { site: 'north', weight: 3, figures: { dice: 0.8, auc: 0.9 } },
      { site: 'south', weight: 1, figures: { dice: 0.4, auc: 0.5 } },
    ];
    const { dice, auc } = combineFigures(sites, null);
    expect(dice).toBeCloseTo(0.7, 12);
    expect(auc).toBeCloseTo(0.8, 12);
  });

  it('are the same in any order, and of no site alone, however much it says it weighs', () => {
    const sites = [
      { site: 'east', weight: 1, figures: { dice: 0.1, auc: null } },
      { site: 'north', weight: 1e9, figures: { dice: 0.8, auc: null } },
      { site: 'south', weight: 3, figures: { dice: 0.4, auc: null } },
    ];
    const { dice } = combineFigures(sites, 0.5);
    expect(dice).toBeCloseTo(0.5 * 0.8 + 0.125 * 0.1 + 0.375 * 0.4, 12);
    expect(combineFigures(sites.toReversed(), 0.5).dice).toBe(dice);
  });

  it('leave out sites that withheld a figure, metric by metric', () => {
    const sites = [
      { site: 'north', weight: 3, figures: { dice: 0.75, auc: null } },
      { site: 'south', weight: 1, figures: { dice: null, auc: null } },
    ];
    expect(combineFigures(sites, 0.5)).toEqual({ dice: 0.75, auc: null });
  });

  it('are null where no site answered', () => {
    expect(combineFigures([], 0.5)).toEqual({ dice: null, auc: null });
  });
});
