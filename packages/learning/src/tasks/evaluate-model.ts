import type { VoxelEngine } from '@fedvox/imaging';
import { isOfCases } from '@fedvox/job';
import { openModel } from '../bundle/saved-model.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { fail } from '../errors.js';
import { type DetailedEvaluation, detailedEvaluationOf } from '../evaluation/case-evaluation.js';
import type { EvaluateOptions, Measured } from '../evaluation/evaluate-cases.js';
import { ReviewWriter } from '../kept-review/review-writer.js';
import { Network } from '../networks/network.js';
import { CaseStore } from '../training/case-store.js';
import { measureOn } from './round.js';
import { divideSites, openSites, type SeveralSites } from './several-sites.js';
import type { SiteCase } from './site-data.js';
import { type TestInput, unseenCases } from './unseen-cases.js';

export const EVALUATION_SPLITS = ['all', 'validation'] as const;
/** Whether a model is measured on all cases of a folder, or on those that its training left out. */
export type EvaluationSplit = (typeof EVALUATION_SPLITS)[number];
/** What cases a model was measured on, those of an external test set among them. */
export type MeasuredOn = EvaluationSplit | 'unseen';

export interface ModelEvaluationInput extends SeveralSites {
  /** Where predictions and figures are kept for people to look at, of one data set; nowhere where absent. */
  readonly reviewFolder?: string;
}

/**
 * Measures a model that carries its job on the cases of one or several data sets, be it one case; what its
 * job asks of a site's training does not matter.
 * @throws FedvoxError `learning/model-of-another-job`, `learning/too-few-cases` where one has no case,
 *   `learning/review-of-several` and `learning/review-of-classes` where there is nothing to keep for people
 */
export function evaluateSavedModel(
  input: ModelEvaluationInput,
  modelPath: string,
  split: EvaluationSplit = 'all',
): Promise<DetailedEvaluation> {
  return evaluateOn(input, modelPath, split, (voxels) => casesOf(input, split, voxels));
}

/**
 * Measures a model on an external test set: on those of its cases that no data set has which the model was trained on.
 * @throws FedvoxError `learning/no-unseen-cases`, and as `evaluateSavedModel`
 */
export function testSavedModel(
  input: ModelEvaluationInput & TestInput,
  modelPath: string,
): Promise<DetailedEvaluation> {
  return evaluateOn(input, modelPath, 'unseen', (voxels) => unseenCases(input, voxels));
}

async function evaluateOn(
  input: ModelEvaluationInput,
  modelPath: string,
  on: MeasuredOn,
  casesWith: CasesWith,
): Promise<DetailedEvaluation> {
  const writer = await reviewWriter(input, modelPath, on);
  const { measured, cases } = await measureOnCases(input, modelPath, casesWith, {
    ...(writer && { onPrediction: (caseId, prediction) => writer.add(caseId, prediction) }),
  });
  const evaluation = detailedEvaluationOf(measured, input.job);
  await writer?.finish(evaluation.perCase, cases);
  return evaluation;
}

/** As `evaluateSavedModel`, case by case. */
export async function measureModel(
  input: SeveralSites,
  modelPath: string,
  split: EvaluationSplit,
): Promise<Measured> {
  const casesWith: CasesWith = (voxels) => casesOf(input, split, voxels);
  return (await measureOnCases(input, modelPath, casesWith)).measured;
}

type CasesWith = (voxels: VoxelEngine) => Promise<readonly SiteCase[]>;

async function measureOnCases(
  input: SeveralSites,
  modelPath: string,
  casesWith: CasesWith,
  keeping: Pick<EvaluateOptions, 'onPrediction'> = {},
): Promise<{ readonly measured: Measured; readonly cases: readonly SiteCase[] }> {
  const weights = await openModel(modelPath, input.job);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const network = Network.fromWeights(input.job, weights);
  try {
    const cases = await casesWith(voxels);
    const measured = await measureOn(input, { validation: cases }, network, voxels, keeping);
    return { measured, cases };
  } finally {
    network.dispose();
  }
}

async function reviewWriter(
  { reviewFolder: folder, job, datasets, clock }: ModelEvaluationInput,
  modelPath: string,
  split: MeasuredOn,
): Promise<ReviewWriter | undefined> {
  if (folder === undefined) return undefined;
  const [dataset, ...others] = datasets;
  if (dataset === undefined || others.length > 0) throw fail('review-of-several');
  if (isOfCases(job)) throw fail('review-of-classes', { job: job.name });
  return ReviewWriter.begin({ folder, job, modelPath, split, dataset, clock });
}

async function casesOf(
  input: SeveralSites,
  split: EvaluationSplit,
  voxels: VoxelEngine,
): Promise<readonly SiteCase[]> {
  if (split === 'validation') return (await divideSites(input, voxels)).validation;
  return (await openSites(input, voxels, new CaseStore(0), 'evaluation')).flat();
}
