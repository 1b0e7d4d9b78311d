import type { Job } from '@fedvox/job';
import { dice, meanDefined } from '../metrics/dice.js';
import type { MatchedLesions } from '../metrics/lesions.js';
import { volumeError } from '../metrics/volume-error.js';
import { bootstrapInterval, type Interval } from './bootstrap.js';
import { type Agreement, orNull } from './class-evaluation.js';
import type { CaseQuestion } from './classify-cases.js';
import {
  classifiedOf,
  type Evaluation,
  evaluationOf,
  type Measured,
  type MeasuredCase,
} from './evaluate-cases.js';
import {
  type DetectedInCase,
  detectedInCase,
  type LesionEvaluation,
  lesionEvaluationOf,
} from './lesion-evaluation.js';
import { aucOfCases, type ClassifiedCase, mostProbable } from './told-classes.js';

/** How a model does on one case: for whoever has the scan, and for nobody else. */
export interface CaseEvaluation {
  readonly caseId: string;
  /** Where the cases are of several sites. */
  readonly site?: string;
  /** Mean over the classes that the case has; null where it has none. */
  readonly dice: number | null;
  readonly perClass: readonly ClassOfCase[];
  /** Where the job is of cases. */
  readonly classified?: ToldClass;
}

/** Which class a case is of, and which a model says. */
export interface ToldClass {
  readonly reference: string;
  /** The most probable. */
  readonly predicted: string;
  /** By class name, summing to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface ClassOfCase {
  readonly name: string;
  /** Null where the case does not have the class. */
  readonly dice: number | null;
  /** 95 % Hausdorff distance; null where the class is not there or was not found. */
  readonly hd95Mm: number | null;
  /** At the evaluation's tolerance; null where the case does not have the class. */
  readonly surfaceDice: number | null;
  /** A part of the reference's volume, below 0 where too little was found; null where there is none. */
  readonly volumeError: number | null;
  readonly referenceMl: number;
  readonly predictedMl: number;
  /** Where lesions were looked at. */
  readonly lesions?: DetectedInCase;
}

/** 95 % intervals of the means, by drawing patients anew. */
export interface EvaluationIntervals {
  readonly dice: Interval | null;
  /** One for each foreground class. */
  readonly perClass: readonly (Interval | null)[];
  /** Of the AUC; absent where the job is of voxels. */
  readonly auc?: Interval | null;
}

/** Of a model on cases that lie here. */
export interface DetailedEvaluation extends Evaluation {
  readonly intervals: EvaluationIntervals;
  /** Where lesions were looked at. */
  readonly lesions?: LesionEvaluation;
  readonly perCase: readonly CaseEvaluation[];
}

const BOOTSTRAP = { seed: 1, resamples: 2_000, level: 0.95 };

export function detailedEvaluationOf(
  measured: Measured,
  { classes }: Pick<Job, 'classes'>,
): DetailedEvaluation {
  const { cases, ofCases, lesionRule } = measured;
  const names = classes.slice(1);
  const matched = cases.flatMap(({ lesions }) => (lesions === undefined ? [] : [lesions]));
  return {
    ...evaluationOf(measured, names),
    ...(lesionRule && { lesions: lesionEvaluationOf(matched, names, lesionRule) }),
    intervals: ofCases === undefined ? intervalsOf(cases, names) : aucInterval(cases, ofCases),
    perCase: caseEvaluationsOf(measured, classes),
  };
}

/** @param classes of the job, background first */
export function caseEvaluationsOf(
  { cases }: Measured,
  classes: readonly string[],
): readonly CaseEvaluation[] {
  return cases.map((one) => caseEvaluation(one, classes));
}

function aucInterval(
  cases: readonly MeasuredCase[],
  { wanted }: CaseQuestion,
): EvaluationIntervals {
  const ofDrawn = (drawn: readonly MeasuredCase[]) => aucOfCases(classifiedOf(drawn), wanted);
  const auc = bootstrapInterval(patientsOf(cases), ofDrawn, BOOTSTRAP);
  return { dice: null, perClass: [], auc };
}

function intervalsOf(
  cases: readonly MeasuredCase[],
  names: readonly string[],
): EvaluationIntervals {
  const patients = patientsOf(cases);
  const ofClasses = names.map(
    (_, index) => (drawn: readonly MeasuredCase[]) =>
      meanDefined(drawn.map(({ byClass }) => diceOf(byClass[index]))),
  );
  const ofAll = (drawn: readonly MeasuredCase[]) => meanDefined(ofClasses.map((of) => of(drawn)));
  return {
    dice: bootstrapInterval(patients, ofAll, BOOTSTRAP),
    perClass: ofClasses.map((of) => bootstrapInterval(patients, of, BOOTSTRAP)),
  };
}

/** Cases of the same patient at the same site together; one of nobody known is a patient of its own. */
function patientsOf(cases: readonly MeasuredCase[]): MeasuredCase[][] {
  const patients = new Map<string, MeasuredCase[]>();
  for (const [index, one] of cases.entries()) {
    const { site = '', patientKey } = one.about;
    const key = patientKey === undefined ? String(index) : JSON.stringify([site, patientKey]);
    patients.set(key, [...(patients.get(key) ?? []), one]);
  }
  return [...patients.values()];
}

function caseEvaluation(
  { about, byClass, classified, lesions }: MeasuredCase,
  classes: readonly string[],
): CaseEvaluation {
  const { caseId = '', site } = about;
  return {
    ...(classified && { classified: toldClass(classified, classes) }),
    caseId,
    ...(site === undefined ? {} : { site }),
    dice: orNull(meanDefined(byClass.map(diceOf))),
    perClass: byClass.map((agreement, index) => ({
      name: classes[index + 1] as string,
      dice: orNull(diceOf(agreement)),
      hd95Mm: orNull(agreement.hd95Mm),
      surfaceDice: orNull(agreement.surfaceDice),
      volumeError: orNull(volumeError(agreement.overlap)),
      referenceMl: agreement.overlap.reference * agreement.voxelMl,
      predictedMl: agreement.overlap.predicted * agreement.voxelMl,
      ...(lesions && { lesions: detectedInCase(lesions[index] as MatchedLesions) }),
    })),
  };
}

function toldClass(
  { caseClass, probabilities }: ClassifiedCase,
  classes: readonly string[],
): ToldClass {
  const byName = classes.map((name, index) => [name, probabilities[index] as number]);
  return {
    reference: classes[caseClass] as string,
    predicted: classes[mostProbable(probabilities)] as string,
    probabilities: Object.fromEntries(byName),
  };
}

const diceOf = (agreement: Agreement | undefined) =>
  agreement === undefined ? Number.NaN : dice(agreement.overlap);
