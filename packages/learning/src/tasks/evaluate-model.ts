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

export const EVALUATION_SPLITS = ['all', 'validation'] as const;
/** Whether a model is measured on all cases of a folder, or on those that its training left out. */
export type EvaluationSplit = (typeof EVALUATION_SPLITS)[number];

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

/** As `evaluateSavedModel`, case by case. */
export async function measureModel(
  input: SeveralSites,
  modelPath: string,
  split: EvaluationSplit,
): Promise<Measured> {
  const weights = await openModel(modelPath, input.job);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const network = Network.fromWeights(input.job, weights);
  try {
    const validation = await casesOf(input, split, voxels);
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
