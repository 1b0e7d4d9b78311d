import type { Logger } from '@fedvox/base/system';
import { type Grid, type LabelMap, preprocess, type Scan } from '@fedvox/imaging';
import { inferenceOf, isOfCases, type Job } from '@fedvox/job';
import { openModel } from '../bundle/saved-model.js';
import { selectEngine } from '../engine/engine.js';
import type { EngineName, EngineSettings } from '../engine/settings.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { fail } from '../errors.js';
import { classProbabilities } from '../inference/class-probabilities.js';
import { predictProbabilities } from '../inference/probabilities.js';
import { segmented } from '../inference/segmented.js';
import { Network } from '../networks/network.js';
import { checkRunnable } from './job-check.js';

export interface ModelInput extends EngineSettings {
  readonly job: Job;
  readonly modelPath: string;
  readonly engine: EngineName;
  readonly log: Logger;
}

/** A model in an engine, for any number of scans. */
export interface ReadyModel {
  /**
   * Segments one scan: preprocessed as the job says, predicted, and brought to a grid, which is the scan's own
   * wherever it can be.
   * @throws FedvoxError `imaging/spacing-unusable`, `learning/size-not-divisible`, `learning/prediction-not-finite`
   */
  segment(scan: Scan, grid: Grid): Promise<LabelMap>;
  dispose(): void;
}

/**
 * Reads a model and brings it into the engine.
 * @throws FedvoxError `learning/model-of-another-job`, `learning/model-unreadable`, `learning/model-not-finite`,
 *   `learning/unsupported-channels`, `learning/engine-unavailable`, `learning/classifies-cases`
 */
export async function readyModel(input: ModelInput): Promise<ReadyModel> {
  const { job } = input;
  if (isOfCases(job)) throw fail('classifies-cases', { job: job.name });
  const { network, voxels } = await readyNetwork(input);
  return {
    async segment(scan, grid) {
      const { image } = preprocess({ image: scan }, job.preprocess, voxels);
      const probabilities = await predictProbabilities(network, image, inferenceOf(job));
      return segmented(probabilities, grid, job, voxels);
    },
    dispose: () => network.dispose(),
  };
}

/** A model that tells the class of a case as a whole, in an engine, for any number of scans. */
export interface ReadyClassifier {
  /**
   * The probability of each of the job's classes, summing to 1, of one scan: preprocessed as the job says.
   * @throws FedvoxError `imaging/spacing-unusable`, `learning/size-not-divisible`, `learning/class-not-finite`
   */
  classify(scan: Scan): Promise<readonly number[]>;
  dispose(): void;
}

/** @throws FedvoxError as `readyModel`; `learning/segments-voxels` */
export async function readyClassifier(input: ModelInput): Promise<ReadyClassifier> {
  const { job } = input;
  if (!isOfCases(job)) throw fail('segments-voxels', { job: job.name });
  const { network, voxels } = await readyNetwork(input);
  return {
    async classify(scan) {
      const { image } = preprocess({ image: scan }, job.preprocess, voxels);
      return classProbabilities(network, image);
    },
    dispose: () => network.dispose(),
  };
}

async function readyNetwork(input: ModelInput) {
  const { job, modelPath } = input;
  checkRunnable(job);
  const weights = await openModel(modelPath, job);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  return { network: Network.fromWeights(job, weights), voxels };
}
