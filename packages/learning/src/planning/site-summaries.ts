import { quantileOf } from '@fedvox/base';
import type { DataSummary, SpacingMm } from '@fedvox/job';
import type { Fingerprint } from './fingerprint.js';
import { axisQuantile, perAxis } from './per-axis.js';

/** Enough to plan by, and too few to know a case by. */
const DIGITS = 3;

/** A fingerprint in the few numbers that a site may tell. */
export function summaryOf({
  cases,
  spacingsMm,
  sizes,
  keptPart,
  intensities,
}: Fingerprint): DataSummary {
  const { mean, standardDeviation, low, high } = intensities;
  return {
    cases,
    spacingMm: perAxis((axis) => rounded(axisQuantile(spacingsMm, axis, 0.5))),
    leastSpacingMm: perAxis((axis) => rounded(axisQuantile(spacingsMm, axis, 0.1))),
    size: perAxis((axis) => Math.max(1, Math.round(axisQuantile(sizes, axis, 0.5)))),
    keptPart: rounded(keptPart),
    mean: rounded(mean),
    standardDeviation: rounded(standardDeviation),
    low: rounded(low),
    high: rounded(high),
  };
}

/**
 * A fingerprint of all sites from what each has told, every case of a site standing for its median one. Where some tell no number of
 * cases, all sites count alike. Mean and deviation are of all voxels together, as if each case had as many.
 */
export function fingerprintOfSites(
  sites: readonly DataSummary[],
  modality: Fingerprint['modality'],
): Fingerprint {
  const areCounted = sites.every(({ cases }) => cases !== null);
  const weightOf = ({ cases }: DataSummary) => (areCounted ? (cases as number) : TENTHS);
  const total = sites.reduce((sum, site) => sum + weightOf(site), 0);
  const meanOf = (figure: (site: DataSummary) => number) =>
    sites.reduce((sum, site) => sum + weightOf(site) * figure(site), 0) / total;
  const mean = meanOf((site) => site.mean);
  const squares = meanOf((site) => site.standardDeviation ** 2 + (site.mean - mean) ** 2);
  const repeated = <Value>(value: (site: DataSummary, at: number) => Value) =>
    sites.flatMap((site) => Array.from({ length: weightOf(site) }, (_, at) => value(site, at)));
  return {
    cases: total,
    modality,
    // So that the tenth percentile of all is about that of the sites.
    spacingsMm: repeated((site, at) =>
      at % TENTHS === 0 ? site.leastSpacingMm : site.spacingMm,
    ) as readonly SpacingMm[],
    sizes: repeated(({ size }) => size),
    keptPart: quantileOf(
      repeated(({ keptPart }) => keptPart).sort((a, b) => a - b),
      0.5,
    ),
    intensities: {
      mean,
      standardDeviation: Math.sqrt(squares),
      low: meanOf(({ low }) => low),
      high: meanOf(({ high }) => high),
    },
  };
}

const TENTHS = 10;

const rounded = (value: number) => Number(value.toPrecision(DIGITS));
