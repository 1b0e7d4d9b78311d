import type { Size, SpacingMm } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import type { Fingerprint } from './fingerprint.js';
import { planJob } from './plan-job.js';
import { fingerprintOfSites, summaryOf } from './site-summaries.js';
import { targetGrid } from './target-spacing.js';

const ofSite = (cases: number, spacing: SpacingMm, size: Size, mean = 100): Fingerprint => ({
  cases,
  modality: 'CT',
  spacingsMm: Array(cases).fill(spacing),
  sizes: Array(cases).fill(size),
  keptPart: 0.9,
  intensities: { mean, standardDeviation: 20, low: mean - 40, high: mean + 50 },
});

describe('a site’s data in a few numbers', () => {
  it('are medians, the tenth percentile, and three digits, of no single case', () => {
    const spacings = Array.from({ length: 11 }, (_, at): SpacingMm => [0.700_123, 0.7, 1 + at]);
    const { spacingMm, leastSpacingMm, ...rest } = summaryOf({
      ...ofSite(11, [1, 1, 1], [30, 40, 50], 1_234.567),
      spacingsMm: spacings,
    });
    expect(spacingMm).toEqual([0.7, 0.7, 6]);
    expect(leastSpacingMm).toEqual([0.7, 0.7, 2]);
    expect(rest).toEqual({
      ...{ cases: 11, size: [30, 40, 50], keptPart: 0.9 },
      ...{ mean: 1_230, standardDeviation: 20, low: 1_190, high: 1_280 },
    });
  });

  it('of several sites have the mean and the deviation of all voxels together', () => {
    const told = [
      ofSite(30, [1, 1, 1], [64, 64, 64], 100),
      ofSite(10, [1, 1, 1], [64, 64, 64], 140),
    ];
    const { intensities, cases } = fingerprintOfSites(told.map(summaryOf), 'CT');
    expect(cases).toBe(40);
    expect(intensities.mean).toBeCloseTo(110, 10);
    // 20² within sites; between them 3/4 · 10² + 1/4 · 30².
    expect(intensities.standardDeviation).toBeCloseTo(Math.sqrt(400 + 300), 10);
  });

  it('make the job that all cases in one place would make', () => {
    const [north, south] = [
      ofSite(30, [0.8, 0.8, 5], [320, 320, 24]),
      ofSite(20, [1, 1, 3], [256, 256, 40]),
    ];
    const pooled: Fingerprint = {
      ...north,
      cases: 50,
      spacingsMm: [...north.spacingsMm, ...south.spacingsMm],
      sizes: [...north.sizes, ...south.sizes],
    };
    const told = fingerprintOfSites([summaryOf(north), summaryOf(south)], 'CT');
    expect(targetGrid(told)).toEqual(targetGrid(pooled));
    const options = {
      name: 'plan',
      classes: ['background', 'organ'],
      memoryBytes: 2 ** 33,
      seed: 1,
    };
    expect(planJob(told, options).job).toEqual(planJob(pooled, options).job);
  });

  it('count alike where a site tells no number of cases', () => {
    const [many, few] = [
      ofSite(90, [2, 2, 2], [64, 64, 64], 0),
      ofSite(10, [1, 1, 1], [64, 64, 64], 100),
    ];
    const sites = [{ ...summaryOf(many), cases: null }, summaryOf(few)];
    expect(fingerprintOfSites(sites, 'CT').intensities.mean).toBeCloseTo(50, 10);
  });
});
