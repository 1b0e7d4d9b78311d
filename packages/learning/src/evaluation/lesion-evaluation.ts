import { type LabelMap, type Volume, type VoxelEngine, volumeToGrid } from '@fedvox/imaging';
import { FROC_RATES, type FrocPoint, frocCurve, sensitivityAtRate } from '../metrics/froc.js';
import { type LesionRule, type MatchedLesions, matchLesions } from '../metrics/lesions.js';
import { orNull } from './class-evaluation.js';

/** How a model that segments does as one that detects: for whoever has the scans. */
export interface LesionEvaluation {
  readonly rule: LesionRule;
  /** One for each foreground class. */
  readonly perClass: readonly DetectedClass[];
}

export interface DetectedClass {
  readonly name: string;
  /** Of all cases. */
  readonly lesions: number;
  readonly found: number;
  /** The part of them that are found; null where there are none. */
  readonly sensitivity: number | null;
  /** Per case. */
  readonly falsePositives: number;
  /** Sensitivities at LUNA16's rates of false positives per case, by the highest probability in what was predicted. */
  readonly froc: readonly { readonly [Key in keyof FrocPoint]: FrocPoint[Key] | null }[];
  /** The mean of these: LUNA16's score. */
  readonly frocMean: number | null;
}

/** The lesions of one class in one case. */
export interface DetectedInCase {
  readonly lesions: number;
  readonly found: number;
  readonly falsePositives: number;
}

/**
 * Matches the lesions of each foreground class on a scan's own grid.
 * @param probabilities one volume per class, on the network's grid
 */
export function lesionsByClass(
  prediction: LabelMap,
  reference: LabelMap,
  probabilities: readonly Volume[],
  rule: LesionRule,
  voxels: VoxelEngine,
): MatchedLesions[] {
  return probabilities.slice(1).map((ofClass, index) => {
    const { data } = volumeToGrid(ofClass, reference, voxels);
    return matchLesions(prediction, reference, index + 1, data, rule);
  });
}

/** @param cases of each, one entry per foreground class */
export function lesionEvaluationOf(
  cases: readonly (readonly MatchedLesions[])[],
  names: readonly string[],
  rule: LesionRule,
): LesionEvaluation {
  const perClass = names.map((name, index) =>
    detectedClass(
      name,
      cases.map((one) => one[index] as MatchedLesions),
    ),
  );
  return { rule, perClass };
}

export function detectedInCase({ found, falsePositives }: MatchedLesions): DetectedInCase {
  const hits = found.filter((score) => score !== null).length;
  return { lesions: found.length, found: hits, falsePositives: falsePositives.length };
}

function detectedClass(name: string, scans: readonly MatchedLesions[]): DetectedClass {
  const counts = scans.map(detectedInCase);
  const total = (key: keyof DetectedInCase) => counts.reduce((sum, one) => sum + one[key], 0);
  const [lesions, found] = [total('lesions'), total('found')];
  const curve = frocCurve(scans);
  const froc = FROC_RATES.map((falsePositives) => ({
    falsePositives,
    sensitivity: sensitivityAtRate(curve, falsePositives),
  }));
  const sum = froc.reduce((partial, { sensitivity }) => partial + sensitivity, 0);
  return {
    ...{ name, lesions, found, sensitivity: orNull(found / lesions) },
    falsePositives: total('falsePositives') / scans.length,
    froc: froc.map((point) => ({ ...point, sensitivity: orNull(point.sensitivity) })),
    frocMean: orNull(sum / froc.length),
  };
}
