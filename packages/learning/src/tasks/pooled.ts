import { isBetter, type Job, METRICS } from '@fedvox/job';
import type { WrittenWeights } from '../bundle/model-file.js';
import { saveModel } from '../bundle/saved-model.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import type { Evaluation } from '../evaluation/evaluate-cases.js';
import { initialModel, Network } from '../networks/network.js';
import { checkJob } from './job-check.js';
import { evaluateOn, trainingEpochs } from './round.js';
import { divideSites, type SeveralSites } from './several-sites.js';

export interface PooledOptions {
  readonly epochs: number;
  /** The best model so far, always whole; what was there before stays until then. */
  readonly output: string;
  readonly onEpoch?: (report: EpochReport) => void;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly meanLoss: number;
  /** Training alone, validation not counted. */
  readonly volumesPerSecond: number;
  /** Part of the training, 0 to 1, in which no step ran because its data was not there yet. */
  readonly dataWaitFraction: number;
  readonly evaluation: Evaluation;
}

export interface PooledResult {
  readonly epochs: readonly EpochReport[];
  /** Null where no epoch was measured to be anything: `unmeasured` then says why. */
  readonly best: SavedEpoch | null;
  readonly unmeasured?: Unmeasured;
}

export interface SavedEpoch extends WrittenWeights {
  readonly epoch: number;
  readonly path: string;
}

/** The last epoch's model, kept beside the place of the best one, so that the training is not lost. */
export interface Unmeasured extends SavedEpoch {
  readonly why: NoFigure;
}

/** Why no epoch is the best: the metric is undefined in all of them, or nothing was found in any. */
export type NoFigure = 'undefined' | 'nothing-found';

/**
 * The same training without a federation: every epoch over the training cases of all data sets, then
 * validation, then a checkpoint if the job's metric has improved. The last epoch is a candidate too.
 * The job's `localEpochs` does not matter here.
 */
export async function trainPooled(
  input: SeveralSites,
  { epochs, output, onEpoch }: PooledOptions,
): Promise<PooledResult> {
  const { job, clock } = input;
  checkJob(job);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const { train, validation } = await divideSites(input, voxels);
  const network = Network.fromWeights(job, initialModel(job));
  const reports: EpochReport[] = [];
  let best: SavedEpoch | null = null;
  let bestEvaluation: Evaluation | undefined;
  try {
    let startedMs = clock.nowMs();
    const training = trainingEpochs(input, 'pooled', network, voxels, train, epochs);
    for await (const summary of training) {
      const seconds = (clock.nowMs() - startedMs) / 1000;
      const evaluation = await evaluateOn(input, { validation }, network, voxels);
      if (isImprovement(job, evaluation, bestEvaluation)) {
        const written = await saveModel(output, job, await network.weights());
        best = { epoch: summary.epoch, path: output, ...written };
        bestEvaluation = evaluation;
      }
      const report = { ...summary, volumesPerSecond: train.length / seconds, evaluation };
      reports.push(report);
      onEpoch?.(report);
      startedMs = clock.nowMs();
    }
    if (best !== null) return { epochs: reports, best };
    const path = unmeasuredPath(output);
    const written = await saveModel(path, job, await network.weights());
    const why = reports.some(({ evaluation }) => evaluation[job.evaluation.bestBy] !== null)
      ? 'nothing-found'
      : 'undefined';
    return { epochs: reports, best, unmeasured: { epoch: epochs, path, why, ...written } };
  } finally {
    network.dispose();
  }
}

function unmeasuredPath(output: string): string {
  return `${output.replace(/\.safetensors$/, '')}.unmeasured.safetensors`;
}

/** A figure is needed to be the best, and one of a model that found nothing is none. The first of equals counts. */
function isImprovement(
  { evaluation }: Job,
  candidate: Evaluation,
  incumbent?: Evaluation,
): boolean {
  const { bestBy } = evaluation;
  const figure = candidate[bestBy];
  if (figure === null || figure === METRICS[bestBy].nothingFound) return false;
  const best = incumbent?.[bestBy] ?? null;
  return best === null || isBetter(bestBy, figure, best);
}
