import { type LabelMap, portableVoxels, type Volume, type VoxelEngine } from '@fedvox/imaging';
import { type Figures, inferenceOf, isOfCases, type Job } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { type Predictor, predictProbabilities } from '../inference/probabilities.js';
import { segmented } from '../inference/segmented.js';
import { meanDefined } from '../metrics/dice.js';
import type { LesionRule, MatchedLesions } from '../metrics/lesions.js';
import { createAucMeter } from './auc-meter.js';
import {
  type Agreement,
  type ClassEvaluation,
  compare,
  evaluateClass,
  orNull,
  SURFACE_TOLERANCE_MM,
} from './class-evaluation.js';
import { type CaseQuestion, classifyCases } from './classify-cases.js';
import { lesionsByClass } from './lesion-evaluation.js';
import {
  aucOfCases,
  type CaseClasses,
  type ClassifiedCase,
  caseClassesOf,
} from './told-classes.js';

/** A labelled case to measure a model on. */
export interface EvaluationCase {
  /** For errors; never leaves the site. */
  readonly caseId?: string;
  /** Which of several sites it is of. */
  readonly site?: string;
  /** Whose it is; absent where nothing says it. */
  readonly patientKey?: string;
  /** Its class as a whole, as an index of the job's, where the job is of cases. */
  readonly caseClass?: number;
  /** The image as the job preprocesses it. */
  readonly prepared: () => Promise<{ readonly image: Volume }>;
  /** The label as the site stored it, on the scan's own grid. */
  readonly originalLabel: () => Promise<LabelMap>;
}

/** What overlap says of some cases. */
export interface Agreements {
  /** Mean of the foreground classes' Dice; null where none is defined. */
  readonly dice: number | null;
  readonly perClass: readonly ClassEvaluation[];
  readonly validationCases: number;
}

export interface Evaluation extends Agreements, Figures {
  /** At the job's level, about the job's classes; null where only one kind of truth occurs. */
  readonly auc: number | null;
  /** Within which surfaces count as one. */
  readonly surfaceToleranceMm: number;
  /** How the classes of cases are told; absent where the job is of voxels. */
  readonly caseClasses?: CaseClasses;
  /** The same of each site; absent where the cases are not of several. */
  readonly perSite?: readonly SiteEvaluation[];
}

/** Sites may differ in the classes that occur there, which figures of all cases together do not show. */
export interface SiteEvaluation extends Agreements {
  readonly site: string;
  /** How the classes of its cases are told, and the job's AUC of them; absent where the job is of voxels. */
  readonly told?: { readonly auc: number | null; readonly caseClasses: CaseClasses };
}

export interface EvaluateOptions {
  /** What brings predictions back to the scans' grids; the same bits come of any. */
  readonly voxels?: VoxelEngine;
  /** Within which surfaces count as one; 1 mm where absent. */
  readonly surfaceToleranceMm?: number | undefined;
  /** At which the sensitivity to a class of cases is given; 0.9 where absent. */
  readonly specificity?: number | undefined;
  /** What counts as a lesion, and when it is found; they are not looked at where absent. */
  readonly lesionRule?: LesionRule | undefined;
  readonly signal?: AbortSignal;
  /** What the model drew of each case, on the scan's own grid; the next one waits for it. */
  readonly onPrediction?: (caseId: string, prediction: LabelMap) => Promise<void>;
  /** After every case. */
  readonly onCase?: (done: number, total: number) => void;
}

export type MeasuredJob = Pick<Job, 'task' | 'classes' | 'training' | 'inference' | 'evaluation'>;

/** A case, and how far the model's prediction and its label agree. */
export interface MeasuredCase {
  readonly about: Pick<EvaluationCase, 'caseId' | 'site' | 'patientKey'>;
  /** One for each foreground class; of none where the job is of cases. */
  readonly byClass: readonly Agreement[];
  /** The same, where lesions were looked at. */
  readonly lesions?: readonly MatchedLesions[];
  /** Where the job is of cases. */
  readonly classified?: ClassifiedCase;
}

/** What is known of each case, and what only all of them together have. */
export interface Measured {
  readonly cases: readonly MeasuredCase[];
  readonly auc: number | null;
  readonly surfaceToleranceMm: number;
  /** By which the cases' lesions were matched, where they were. */
  readonly lesionRule?: LesionRule | undefined;
  /** What is asked of them, where one model told the cases' classes. */
  readonly ofCases?: CaseQuestion;
}

/**
 * Measures a model on the scans as they were stored: predictions are brought back to each scan's own
 * grid first, because a resampled reference flatters.
 */
export async function measureCases(
  network: Predictor,
  cases: readonly EvaluationCase[],
  job: MeasuredJob,
  {
    voxels = portableVoxels,
    surfaceToleranceMm = SURFACE_TOLERANCE_MM,
    ...others
  }: EvaluateOptions = {},
): Promise<Measured> {
  if (isOfCases(job)) return classifyCases(network, cases, job, others);
  const { signal, onCase, onPrediction, lesionRule } = others;
  const aucMeter = createAucMeter(job, voxels);
  const measured: MeasuredCase[] = [];
  for (const { prepared, originalLabel, ...about } of cases) {
    signal?.throwIfAborted();
    await aboutCase(about.caseId, async () => {
      const [{ image }, label] = await Promise.all([prepared(), originalLabel()]);
      const probabilities = await predictProbabilities(network, image, inferenceOf(job));
      const prediction = segmented(probabilities, label, job, voxels);
      await onPrediction?.(about.caseId ?? '', prediction);
      const byClass = compare(prediction, label, job.classes.length, surfaceToleranceMm);
      const lesions =
        lesionRule && lesionsByClass(prediction, label, probabilities, lesionRule, voxels);
      measured.push({ about, byClass, ...(lesions && { lesions }) });
      aucMeter.add(probabilities, label);
    });
    onCase?.(measured.length, cases.length);
  }
  return { cases: measured, auc: orNull(aucMeter.auc()), surfaceToleranceMm, lesionRule };
}

/** Those of the cases that a model has told the class of. */
export function classifiedOf(cases: readonly MeasuredCase[]): ClassifiedCase[] {
  return cases.flatMap(({ classified }) => classified ?? []);
}

/** What several models were measured to be, each on cases of its own, alike; AUC as their mean. */
export function measuredTogether(parts: readonly Measured[]): Measured {
  return {
    cases: parts.flatMap(({ cases }) => cases),
    auc: orNull(meanDefined(parts.map(({ auc }) => auc ?? Number.NaN))),
    surfaceToleranceMm: parts[0]?.surfaceToleranceMm ?? SURFACE_TOLERANCE_MM,
  };
}

/**
 * Of all cases together, with nothing left that tells of a single one.
 * @param names of the foreground classes
 */
export function evaluationOf(
  { cases, auc, surfaceToleranceMm, ofCases }: Measured,
  names: readonly string[],
): Evaluation {
  const classified = classifiedOf(cases);
  if (classified.length > 0) {
    return {
      ...{ dice: null, perClass: [], validationCases: cases.length, auc, surfaceToleranceMm },
      ...(ofCases && toldTogether(cases, ofCases)),
    };
  }
  const perSite = evaluateSites(cases, names);
  return {
    ...evaluateTogether(cases, names),
    ...{ auc, surfaceToleranceMm },
    ...(perSite.length > 1 ? { perSite } : {}),
  };
}

function evaluateTogether(found: readonly MeasuredCase[], names: readonly string[]): Agreements {
  const perClass = names.map((name, index) =>
    evaluateClass(
      name,
      found.map(({ byClass }) => byClass[index] as Agreement),
    ),
  );
  return {
    dice: orNull(meanDefined(perClass.map((one) => one.dice ?? Number.NaN))),
    perClass,
    validationCases: found.length,
  };
}

/** How one model told the classes of cases: of all, and of each site where there are several. */
function toldTogether(
  cases: readonly MeasuredCase[],
  { names, specificity, wanted }: CaseQuestion,
) {
  const ofSites = casesBySite(cases).map(([site, own]): SiteEvaluation => {
    const classified = classifiedOf(own);
    const told = {
      auc: orNull(aucOfCases(classified, wanted)),
      caseClasses: caseClassesOf(classified, names, specificity),
    };
    return { site, dice: null, perClass: [], validationCases: own.length, told };
  });
  return {
    caseClasses: caseClassesOf(classifiedOf(cases), names, specificity),
    ...(ofSites.length > 1 ? { perSite: ofSites } : {}),
  };
}

function evaluateSites(found: readonly MeasuredCase[], names: readonly string[]): SiteEvaluation[] {
  return casesBySite(found).map(([site, own]) => ({ site, ...evaluateTogether(own, names) }));
}

/** In the order in which the sites' first cases come. */
function casesBySite(found: readonly MeasuredCase[]): (readonly [string, MeasuredCase[]])[] {
  const sites = new Set(found.flatMap(({ about }) => about.site ?? []));
  return [...sites].map((site) => [site, found.filter(({ about }) => about.site === site)]);
}
