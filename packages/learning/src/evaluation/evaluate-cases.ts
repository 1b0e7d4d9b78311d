import {
  type LabelMap,
  portableVoxels,
  probabilitiesToGrid,
  type Volume,
  type VoxelEngine,
} from '@fedvox/imaging';
import type { Figures, Job } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { type Predictor, predictProbabilities } from '../inference/probabilities.js';
import { meanDefined } from '../metrics/dice.js';
import { createAucMeter } from './auc-meter.js';
import {
  type Agreement,
  type ClassEvaluation,
  compare,
  evaluateClass,
  orNull,
} from './class-evaluation.js';

/** A labelled case to measure a model on. */
export interface EvaluationCase {
  /** For errors; never leaves the site. */
  readonly caseId?: string;
  /** Which of several sites it is of. */
  readonly site?: string;
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
  readonly signal?: AbortSignal;
  /** After every case. */
  readonly onCase?: (done: number, total: number) => void;
}

/**
 * Measures a model on the scans as they were stored: predictions are brought back to each scan's own
 * grid first, because a resampled reference flatters.
 */
export async function evaluateCases(
  network: Predictor,
  cases: readonly EvaluationCase[],
  job: Pick<Job, 'classes' | 'inference' | 'evaluation'>,
  { voxels = portableVoxels, signal, onCase }: EvaluateOptions = {},
): Promise<Evaluation> {
  const aucMeter = createAucMeter(job, voxels);
  const byCase: MeasuredCase[] = [];
  for (const { caseId, site, prepared, originalLabel } of cases) {
    signal?.throwIfAborted();
    await aboutCase(caseId, async () => {
      const [{ image }, label] = await Promise.all([prepared(), originalLabel()]);
      const probabilities = await predictProbabilities(network, image, job.inference);
      const prediction = probabilitiesToGrid(probabilities, label, voxels);
      byCase.push({ site, byClass: compare(prediction, label, job.classes.length) });
      aucMeter.add(probabilities, label);
    });
    onCase?.(byCase.length, cases.length);
  }
  const names = job.classes.slice(1);
  const perSite = evaluateSites(byCase, names);
  return {
    ...evaluateTogether(byCase, names),
    auc: orNull(aucMeter.auc()),
    ...(perSite.length > 1 ? { perSite } : {}),
  };
}

interface MeasuredCase {
  readonly site: string | undefined;
  /** One for each foreground class. */
  readonly byClass: readonly Agreement[];
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
  const sites = new Set(found.flatMap(({ site }) => site ?? []));
  return [...sites].map((site) => ({
    site,
    ...evaluateTogether(
      found.filter((one) => one.site === site),
      names,
    ),
  }));
}
