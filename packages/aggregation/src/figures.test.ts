import { describe, expect, it } from 'vitest';
import { combineFigures } from './index.js';

describe('the figures of a global model', () => {
  it('are means weighted with the FedAvg weights', () => {
    const sites = [
      { weight: 3, figures: { dice: 0.8, auc: 0.9 } },
      { weight: 1, figures: { dice: 0.4, auc: 0.5 } },
    ];
    const { dice, auc } = combineFigures(sites);
    expect(dice).toBeCloseTo(0.7, 12);
    expect(auc).toBeCloseTo(0.8, 12);
  });

  it('leave out sites that withheld a figure, metric by metric', () => {
    const sites = [
      { weight: 3, figures: { dice: 0.75, auc: null } },
      { weight: 1, figures: { dice: null, auc: null } },
    ];
    expect(combineFigures(sites)).toEqual({ dice: 0.75, auc: null });
  });

  it('are null where no site answered', () => {
    expect(combineFigures([])).toEqual({ dice: null, auc: null });
  });
});
