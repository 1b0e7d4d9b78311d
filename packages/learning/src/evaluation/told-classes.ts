import { areaUnderCurve } from '../metrics/auc.js';
import { sensitivityAt } from '../metrics/sensitivity.js';
import { orNull } from './class-evaluation.js';

/** A case, and what a model makes of it. */
export interface ClassifiedCase {
  /** Its class, as an index of the job's. */
  readonly caseClass: number;
  /** One for each class, summing to 1. */
  readonly probabilities: readonly number[];
}

/** Of one class against all others. */
export interface CaseClassEvaluation {
  readonly name: string;
  /** Cases that are of it. */
  readonly cases: number;
  /** Null where all cases are of it, or none is. */
  readonly auc: number | null;
  /** At the evaluation's specificity; null as the AUC is. */
  readonly sensitivity: number | null;
}

/** How well the classes of cases are told. */
export interface CaseClasses {
  /** At which sensitivities are given. */
  readonly specificity: number;
  /** One for each of the job's classes. */
  readonly perClass: readonly CaseClassEvaluation[];
  /** The part of the cases whose most probable class is theirs. */
  readonly accuracy: number;
}

/** At which a sensitivity is given where nobody says it. */
export const SPECIFICITY = 0.9;

/** The cases' probabilities of any of some classes: of those that are of one of them, and of the others. */
function scoresOf(cases: readonly ClassifiedCase[], classes: ReadonlySet<number>) {
  const score = ({ probabilities }: ClassifiedCase) =>
    probabilities.reduce((sum, value, index) => (classes.has(index) ? sum + value : sum), 0);
  const those = (isOf: boolean) =>
    cases.filter(({ caseClass }) => classes.has(caseClass) === isOf).map(score);
  return [those(true), those(false)] as const;
}

/** Of the question whether a case is of any of some classes; NaN where all are, or none is. */
export function aucOfCases(cases: readonly ClassifiedCase[], classes: ReadonlySet<number>): number {
  return areaUnderCurve(...scoresOf(cases, classes));
}

/** @param names of the job's classes */
export function caseClassesOf(
  cases: readonly ClassifiedCase[],
  names: readonly string[],
  specificity: number,
): CaseClasses {
  const perClass = names.map((name, index): CaseClassEvaluation => {
    const [positives, negatives] = scoresOf(cases, new Set([index]));
    return {
      name,
      cases: positives.length,
      auc: orNull(areaUnderCurve(positives, negatives)),
      sensitivity: orNull(sensitivityAt(specificity, positives, negatives)),
    };
  });
  const right = cases.filter((one) => mostProbable(one.probabilities) === one.caseClass);
  return { specificity, perClass, accuracy: right.length / cases.length };
}

/** The first of those that are as probable. */
export function mostProbable(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
