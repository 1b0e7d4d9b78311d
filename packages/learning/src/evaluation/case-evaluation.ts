import { dice, meanDefined } from '../metrics/dice.js';
import { volumeError } from '../metrics/volume-error.js';
import { bootstrapInterval, type Interval } from './bootstrap.js';
import { type Agreement, orNull } from './class-evaluation.js';
import {
  type Evaluation,
  evaluationOf,
  type Measured,
  type MeasuredCase,
} from './evaluate-cases.js';

/** How a model does on one case: for whoever has the scan, and for nobody else. */
export interface CaseEvaluation {
  readonly caseId: string;
  /** Where the cases are of several sites. */
  readonly site?: string;
  /** Mean over the classes that the case has; null where it has none. */
  readonly dice: number | null;
  readonly perClass: readonly ClassOfCase[];
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
}

/** 95 % intervals of the means, by drawing patients anew. */
export interface EvaluationIntervals {
  readonly dice: Interval | null;
  /** One for each foreground class. */
  readonly perClass: readonly (Interval | null)[];
}

/** Of a model on cases that lie here. */
export interface DetailedEvaluation extends Evaluation {
  readonly intervals: EvaluationIntervals;
  readonly perCase: readonly CaseEvaluation[];
}

const BOOTSTRAP = { seed: 1, resamples: 2_000, level: 0.95 };

/** @param names of the foreground classes */
export function detailedEvaluationOf(
  measured: Measured,
  names: readonly string[],
): DetailedEvaluation {
  const { cases } = measured;
  return {
    ...evaluationOf(measured, names),
    intervals: intervalsOf(cases, names),
    perCase: cases.map((one) => caseEvaluation(one, names)),
  };
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
  { about, byClass }: MeasuredCase,
  names: readonly string[],
): CaseEvaluation {
  const { caseId = '', site } = about;
  return {
    caseId,
    ...(site === undefined ? {} : { site }),
    dice: orNull(meanDefined(byClass.map(diceOf))),
    perClass: byClass.map((agreement, index) => ({
      name: names[index] as string,
      dice: orNull(diceOf(agreement)),
      hd95Mm: orNull(agreement.hd95Mm),
      surfaceDice: orNull(agreement.surfaceDice),
      volumeError: orNull(volumeError(agreement.overlap)),
      referenceMl: agreement.overlap.reference * agreement.voxelMl,
      predictedMl: agreement.overlap.predicted * agreement.voxelMl,
    })),
  };
}

const diceOf = (agreement: Agreement | undefined) =>
  agreement === undefined ? Number.NaN : dice(agreement.overlap);
