import type { VoxelEngine } from '@fedvox/imaging';
import { openModel } from '../bundle/saved-model.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { type DetailedEvaluation, detailedEvaluationOf } from '../evaluation/case-evaluation.js';
import type { Measured } from '../evaluation/evaluate-cases.js';
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

/**
 * Measures a model that carries its job on the cases of one or several data sets, be it one case; what its
 * job asks of a site's training does not matter.
 * @throws FedvoxError `learning/model-of-another-job`, `learning/too-few-cases` where one has no case
 */
export async function evaluateSavedModel(
  input: SeveralSites,
  modelPath: string,
  split: EvaluationSplit = 'all',
): Promise<DetailedEvaluation> {
  const measured = await measureModel(input, modelPath, split);
  return detailedEvaluationOf(measured, input.job);
}

/**
 * Measures a model on an external test set: on those of its cases that no data set has which the model was trained on.
 * @throws FedvoxError `learning/no-unseen-cases`, and as `evaluateSavedModel`
 */
export async function testSavedModel(
  input: TestInput,
  modelPath: string,
): Promise<DetailedEvaluation> {
  const measured = await measureOnCases(input, modelPath, (voxels) => unseenCases(input, voxels));
  return detailedEvaluationOf(measured, input.job);
}

/** As `evaluateSavedModel`, case by case. */
export function measureModel(
  input: SeveralSites,
  modelPath: string,
  split: EvaluationSplit,
): Promise<Measured> {
  return measureOnCases(input, modelPath, (voxels) => casesOf(input, split, voxels));
}

async function measureOnCases(
  input: SeveralSites,
  modelPath: string,
  casesWith: (voxels: VoxelEngine) => Promise<readonly SiteCase[]>,
): Promise<Measured> {
  const weights = await openModel(modelPath, input.job);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const network = Network.fromWeights(input.job, weights);
  try {
    const validation = await casesWith(voxels);
    return await measureOn(input, { validation }, network, voxels);
  } finally {
    network.dispose();
  }
}

async function casesOf(
  input: SeveralSites,
  split: EvaluationSplit,
  voxels: VoxelEngine,
): Promise<readonly SiteCase[]> {
  if (split === 'validation') return (await divideSites(input, voxels)).validation;
  return (await openSites(input, voxels, new CaseStore(0), 'evaluation')).flat();
}
