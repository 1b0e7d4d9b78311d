import { describe, expect, it } from 'vitest';
import { composeReport } from './run-report.js';

const report = composeReport({
  job: 'organ-and-lesion',
  rounds: [
    { round: 2, sites: [cells('south', 0.5, null), cells('north', 0.7, 1)], dice: 0.6, auc: 1 },
    { round: 0, sites: [cells('north', 0.01, 0.5)], dice: 0.01, auc: 0.5 },
    { round: 1, sites: [cells('north', 0.25, 0.75)], dice: 0.25, auc: 0.75 },
  ],
  best: { round: 2, path: 'run/best.safetensors', sha256: 'ab'.repeat(32) },
  egress: { south: { delta: 1_234_567, gate: 20 }, north: { delta: 40 } },
});

function cells(site: string, dice: number | null, auc: number | null) {
  return { site, dice, auc, weight: 12 };
}

describe('a report', () => {
  it('has the trained rounds in order, sites by name, and nothing that it was not asked for', () => {
    expect(report).toEqual({
      job: 'organ-and-lesion',
      rounds: [
        { round: 1, sites: [{ site: 'north', dice: 0.25, auc: 0.75 }], dice: 0.25, auc: 0.75 },
        {
          round: 2,
          sites: [
            { site: 'north', dice: 0.7, auc: 1 },
            { site: 'south', dice: 0.5, auc: null },
          ],
          dice: 0.6,
          auc: 1,
        },
      ],
      best: { round: 2, path: 'run/best.safetensors', sha256: 'ab'.repeat(32) },
      egress: { south: { delta: 1_234_567, gate: 20 }, north: { delta: 40 } },
    });
  });
});
