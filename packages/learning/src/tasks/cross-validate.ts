import { join } from 'node:path';
import type { Job } from '@fedvox/job';
import { type DetailedEvaluation, detailedEvaluationOf } from '../evaluation/case-evaluation.js';
import { type Measured, measuredTogether } from '../evaluation/evaluate-cases.js';
import { measureModel } from './evaluate-model.js';
import { type EpochReport, type PooledResult, trainPooled } from './pooled.js';
import type { SeveralSites } from './several-sites.js';

export interface CrossValidationOptions {
  readonly folds: number;
  readonly epochs: number;
  /** A folder that is there: each fold's best model goes into it, as `fold-1.safetensors`. */
  readonly outputDir: string;
  readonly onEpoch?: (fold: number, report: EpochReport) => void;
}

export interface FoldResult {
  /** From 1. */
  readonly fold: number;
  readonly result: PooledResult;
  /** Of its best model on its validation cases; null where no epoch was measured to be anything. */
  readonly evaluation: DetailedEvaluation | null;
}

export interface CrossValidation {
  readonly folds: readonly FoldResult[];
  /** Every case once, by the model that was not trained on it; the AUC is the folds' mean, for their models differ. */
  readonly evaluation: DetailedEvaluation;
}

/**
 * k-fold cross-validation (Stone, Journal of the Royal Statistical Society B 36, 1974): the same training for each fold, which
 * validates, while the others are trained on. Which epoch is a fold's best is decided on that same fold, as in any training of
 * this job, so its figures are a little better than on cases that nobody has looked at.
 * @throws FedvoxError as `trainPooled` and `evaluateSavedModel`
 */
export async function crossValidate(
  input: SeveralSites,
  { folds, epochs, outputDir, onEpoch }: CrossValidationOptions,
): Promise<CrossValidation> {
  const results: FoldResult[] = [];
  const measured: Measured[] = [];
  for (let fold = 1; fold <= folds; fold++) {
    const own = { ...input, job: jobOfFold(input.job, fold, folds) };
    const output = join(outputDir, `fold-${fold}.safetensors`);
    const result = await trainPooled(own, {
      epochs,
      output,
      onEpoch: (report) => onEpoch?.(fold, report),
    });
    const found =
      result.best === null ? null : await measureModel(own, result.best.path, 'validation');
    if (found !== null) measured.push(found);
    const evaluation = found === null ? null : detailedEvaluationOf(found, input.job);
    results.push({ fold, result, evaluation });
  }
  return {
    folds: results,
    evaluation: detailedEvaluationOf(measuredTogether(measured), input.job),
  };
}

export function jobOfFold(job: Job, number: number, of: number): Job {
  return { ...job, evaluation: { ...job.evaluation, fold: { number, of } } };
}
