import { type LabelMap, portableVoxels, type Volume, type VoxelEngine } from '@fedvox/imaging';
import { type Figures, inferenceOf, type Job } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { type Predictor, predictProbabilities } from '../inference/probabilities.js';
import { segmented } from '../inference/segmented.js';
import { meanDefined } from '../metrics/dice.js';
import { createAucMeter } from './auc-meter.js';
import {
  type Agreement,
  type ClassEvaluation,
  compare,
  evaluateClass,
  orNull,
  SURFACE_TOLERANCE_MM,
} from './class-evaluation.js';

/** A labelled case to measure a model on. */
export interface EvaluationCase {
  /** For errors; never leaves the site. */
  readonly caseId?: string;
  /** Which of several sites it is of. */
  readonly site?: string;
  /** Whose it is; absent where nothing says it. */
  readonly patientKey?: string;
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
  /** The same of each site; absent where the cases are not of several. */
  readonly perSite?: readonly SiteEvaluation[];
}

/** Sites may differ in the classes that occur there, which figures of all cases together do not show. */
export interface SiteEvaluation extends Agreements {
  readonly site: string;
}

export interface EvaluateOptions {
  /** What brings predictions back to the scans' grids; the same bits come of any. */
  readonly voxels?: VoxelEngine;
  /** Within which surfaces count as one; 1 mm where absent. */
  readonly surfaceToleranceMm?: number | undefined;
  readonly signal?: AbortSignal;
  /** After every case. */
  readonly onCase?: (done: number, total: number) => void;
}

type MeasuredJob = Pick<Job, 'classes' | 'training' | 'inference' | 'evaluation'>;

/** A case, and how far the model's prediction and its label agree. */
export interface MeasuredCase {
  readonly about: Pick<EvaluationCase, 'caseId' | 'site' | 'patientKey'>;
  /** One for each foreground class. */
  readonly byClass: readonly Agreement[];
}

/** What is known of each case, and what only all of them together have. */
export interface Measured {
  readonly cases: readonly MeasuredCase[];
  readonly auc: number | null;
  readonly surfaceToleranceMm: number;
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
    signal,
    onCase,
  }: EvaluateOptions = {},
): Promise<Measured> {
  const aucMeter = createAucMeter(job, voxels);
  const measured: MeasuredCase[] = [];
  for (const { prepared, originalLabel, ...about } of cases) {
    signal?.throwIfAborted();
    await aboutCase(about.caseId, async () => {
      const [{ image }, label] = await Promise.all([prepared(), originalLabel()]);
      const probabilities = await predictProbabilities(network, image, inferenceOf(job));
      const prediction = segmented(probabilities, label, job, voxels);
      const byClass = compare(prediction, label, job.classes.length, surfaceToleranceMm);
      measured.push({ about, byClass });
      aucMeter.add(probabilities, label);
    });
    onCase?.(measured.length, cases.length);
  }
  return { cases: measured, auc: orNull(aucMeter.auc()), surfaceToleranceMm };
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
  { cases, auc, surfaceToleranceMm }: Measured,
  names: readonly string[],
): Evaluation {
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

/** In the order in which the sites' first cases come. */
function evaluateSites(found: readonly MeasuredCase[], names: readonly string[]): SiteEvaluation[] {
  const sites = new Set(found.flatMap(({ about }) => about.site ?? []));
  return [...sites].map((site) => ({
    site,
    ...evaluateTogether(
      found.filter(({ about }) => about.site === site),
      names,
    ),
  }));
}
