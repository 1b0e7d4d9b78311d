import type { MatchedLesions } from './lesions.js';

/** False positives per scan at which LUNA16 gives sensitivities. */
export const FROC_RATES = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8] as const;

/** A point of a curve: what is found, and at which price, where only scores from a threshold on count. */
export interface FrocPoint {
  /** Per scan. */
  readonly falsePositives: number;
  /** The part of the lesions that are found. */
  readonly sensitivity: number;
}

/**
 * The free-response ROC curve of some scans, from nothing found to all that was predicted. NaN sensitivities where
 * there are no lesions.
 */
export function frocCurve(scans: readonly MatchedLesions[]): FrocPoint[] {
  const found = scans.flatMap((scan) => scan.found);
  const hits = found.filter((score) => score !== null).sort((a, b) => b - a);
  const wrong = scans.flatMap((scan) => scan.falsePositives).sort((a, b) => b - a);
  const thresholds = [...new Set([...hits, ...wrong])].sort((a, b) => b - a);
  const points: FrocPoint[] = [{ falsePositives: 0, sensitivity: 0 / found.length }];
  let [hit, missed] = [0, 0];
  for (const threshold of thresholds) {
    while (hit < hits.length && (hits[hit] as number) >= threshold) hit++;
    while (missed < wrong.length && (wrong[missed] as number) >= threshold) missed++;
    points.push({ falsePositives: missed / scans.length, sensitivity: hit / found.length });
  }
  return points;
}

/**
 * The sensitivity at so many false positives per scan, read off the curve between its points as LUNA16's
 * evaluation does; behind its end that of all that was predicted.
 */
export function sensitivityAtRate(curve: readonly FrocPoint[], rate: number): number {
  const next = curve.findIndex(({ falsePositives }) => falsePositives > rate);
  const before = curve.at(next === -1 ? -1 : next - 1) as FrocPoint;
  if (next === -1) return before.sensitivity;
  const after = curve[next] as FrocPoint;
  const part = (rate - before.falsePositives) / (after.falsePositives - before.falsePositives);
  return before.sensitivity + part * (after.sensitivity - before.sensitivity);
}
