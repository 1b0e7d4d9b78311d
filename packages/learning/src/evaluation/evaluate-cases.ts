import {
  type LabelMap,
  portableVoxels,
  probabilitiesToGrid,
  spacingMm,
  type Volume,
  type VoxelEngine,
} from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { type Predictor, predictProbabilities } from '../inference/probabilities.js';
import { dice, meanDefined, type Overlap, overlaps } from '../metrics/dice.js';
import { hausdorff95Mm } from '../metrics/hausdorff.js';
import { createAucMeter } from './auc-meter.js';

/** A labelled case to measure a model on. */
export interface EvaluationCase {
  /** For errors; never leaves the site. */
  readonly caseId?: string;
  /** The image as the job preprocesses it. */
  readonly prepared: () => Promise<{ readonly image: Volume }>;
  /** The label as the site stored it, on the scan's own grid. */
  readonly originalLabel: () => Promise<LabelMap>;
}

export interface ClassEvaluation {
  readonly name: string;
  /** Mean over the cases that have the class; null where none has. */
  readonly dice: number | null;
  /** 95 % Hausdorff distance, mean over the cases where it was both there and found; else null. */
  readonly hd95Mm: number | null;
  /** Cases that have the class. */
  readonly cases: number;
  /** Cases that do not have it: Dice says nothing about them, so their false positives are given. */
  readonly emptyCases: number;
  readonly falsePositiveVoxels: number;
  /** Where the class was there and nothing of it was found; absent where that never was. */
  readonly missed?: MissedCases;
}

/** Cases that the mean of the distance passes over, which makes it look better the more there are. */
export interface MissedCases {
  readonly cases: number;
  /** The mean with the diagonal of the scan for each of them: no distance in it can be larger. */
  readonly hd95PenalisedMm: number;
}

export interface Evaluation {
  /** Mean of the foreground classes' Dice; null where none is defined. */
  readonly dice: number | null;
  /** At the job's level, about the job's classes; null where only one kind of truth occurs. */
  readonly auc: number | null;
  readonly perClass: readonly ClassEvaluation[];
  readonly validationCases: number;
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
  const byCase: Agreement[][] = [];
  for (const { caseId, prepared, originalLabel } of cases) {
    signal?.throwIfAborted();
    await aboutCase(caseId, async () => {
      const [{ image }, label] = await Promise.all([prepared(), originalLabel()]);
      const probabilities = await predictProbabilities(network, image, job.inference);
      const prediction = probabilitiesToGrid(probabilities, label, voxels);
      byCase.push(compare(prediction, label, job.classes.length));
      aucMeter.add(probabilities, label);
    });
    onCase?.(byCase.length, cases.length);
  }
  const perClass = job.classes.slice(1).map((name, index) =>
    evaluateClass(
      name,
      byCase.map((found) => found[index] as Agreement),
    ),
  );
  return {
    dice: orNull(meanDefined(perClass.map((one) => one.dice ?? Number.NaN))),
    auc: orNull(aucMeter.auc()),
    perClass,
    validationCases: cases.length,
  };
}

/** How far prediction and reference agree about one class of one case. */
interface Agreement {
  readonly overlap: Overlap;
  readonly hd95Mm: number;
  readonly diagonalMm: number;
}

/** One entry per foreground class. */
function compare(prediction: LabelMap, reference: LabelMap, classCount: number): Agreement[] {
  const found = overlaps(prediction.data, reference.data, classCount).slice(1);
  return found.map((overlap, index) => {
    const maskOf = ({ data }: LabelMap) => data.map((label) => (label === index + 1 ? 1 : 0));
    const [predicted, expected] = [maskOf(prediction), maskOf(reference)];
    const { shape } = reference;
    const spacing = spacingMm(reference);
    const hd95Mm = hausdorff95Mm(predicted, expected, shape, spacing);
    const diagonalMm = Math.hypot(...shape.map((size, axis) => size * (spacing[axis] as number)));
    return { overlap, hd95Mm, diagonalMm };
  });
}

function evaluateClass(name: string, found: readonly Agreement[]): ClassEvaluation {
  const empty = found.filter(({ overlap }) => overlap.reference === 0);
  const missed = missedOf(found);
  return {
    name,
    dice: orNull(meanDefined(found.map(({ overlap }) => dice(overlap)))),
    hd95Mm: orNull(meanDefined(found.map(({ hd95Mm }) => hd95Mm))),
    cases: found.length - empty.length,
    emptyCases: empty.length,
    falsePositiveVoxels: empty.reduce((sum, { overlap }) => sum + overlap.predicted, 0),
    ...(missed === undefined ? {} : { missed }),
  };
}

function missedOf(found: readonly Agreement[]): MissedCases | undefined {
  const present = found.filter(({ overlap }) => overlap.reference > 0);
  const missed = present.filter(({ overlap }) => overlap.predicted === 0);
  if (missed.length === 0) return undefined;
  const distances = present.map(({ hd95Mm, diagonalMm }) =>
    Number.isNaN(hd95Mm) ? diagonalMm : hd95Mm,
  );
  return { cases: missed.length, hd95PenalisedMm: meanDefined(distances) };
}

/** Undefined figures leave this package as null: JSON has no NaN. */
function orNull(figure: number): number | null {
  return Number.isNaN(figure) ? null : figure;
}
