import { describe, expect, it } from 'vitest';
import { reportText } from './report-text.js';

describe('a report for people', () => {
  it('is a table of rounds × sites, the best model, and what left each hospital', () => {
    const text = reportText({
      job: 'organ-and-lesion',
      rounds: [
        { round: 1, sites: [cells('north', 0.25, 0.75)], dice: 0.25, auc: 0.75 },
        {
          round: 2,
          sites: [cells('north', 0.7, 1), cells('south', 0.5, null)],
          dice: 0.6,
          auc: 1,
        },
      ],
      best: { round: 2, path: 'run/best.safetensors', sha256: 'ab'.repeat(32) },
      egress: { south: { delta: 1_234_567, gate: 20 }, north: { delta: 40, gate: 0 } },
    });
    expect(text).toBe(
      `Job organ-and-lesion: validation Dice / AUC of the global model after each round

round          north      south      all sites  of sites
-----  -------------  ---------  -------------  --------------------------------------
1      0.250 / 0.750      - / -  0.250 / 0.750  1 of 2, without south
2 *    0.700 / 1.000  0.500 / -  0.600 / 1.000  Dice 2 of 2; AUC 1 of 2, without south

* Best model: round 2
  run/best.safetensors
  sha256 ${'ab'.repeat(32)}

What left each hospital, in bytes:

hospital      delta  gate      total
--------  ---------  ----  ---------
north            40     0         40
south     1 234 567    20  1 234 587`,
    );
  });
});

function cells(site: string, dice: number | null, auc: number | null) {
  return { site, dice, auc };
}
