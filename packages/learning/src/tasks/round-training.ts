import { assert } from '@fedvox/base';
import type { VoxelEngine } from '@fedvox/imaging';
import { samplesOf, stepPartsOfRound, type TrainingSpec, trainingOfRound } from '@fedvox/job';
import type { Network } from '../networks/network.js';
import { restoreOptimizer } from '../training/checkpoint.js';
import type { StepTerms } from '../training/gradient-terms.js';
import { optimizerOf } from '../training/optimizers.js';
import type { TrainOptions } from '../training/train-epochs.js';
import type { TrainingInput } from './input.js';
import { RoundCheckpoint } from './round-checkpoint.js';
import type { SiteCase } from './site-data.js';
import { trainingEpochs } from './training-epochs.js';

/** A round's training, to its end. */
export interface RoundTraining {
  readonly epochs: number;
  /** Steps of the optimizer, over all epochs. */
  readonly localSteps: number;
  /** Of the last epoch. */
  readonly meanLoss: number;
}

/**
 * A round's training of a network at a site. Where the job has it written down and it was cut off, it goes on
 * from there, to the bytes that it would have come to.
 * @param name of the training: what a strategy trains beside the round's own has another
 */
export async function trainWithinRound(
  name: string,
  input: TrainingInput,
  cases: readonly SiteCase[],
  network: Network,
  voxels: VoxelEngine,
  terms: StepTerms,
): Promise<RoundTraining> {
  const { job, round = 1 } = input;
  const from = await network.weights();
  const checkpoint = await RoundCheckpoint.open(name, { input, round, from, terms, cases });
  const begun = await checkpoint?.read();
  const training = trainingOfRound(job, round, input.rateCuts);
  const optimizer = optimizerOf(training.optimizer);
  const options: StepTerms & Partial<TrainOptions> = {
    ...{ ...terms, training, optimizer, steps: training.localSteps, from: begun?.place },
    ratePart: stepPartsOfRound(job, round),
    onStep: async (place) => checkpoint?.note(network, optimizer, place),
    // Drawn to where it began, which a network that goes on no longer tells.
    ...(terms.proximal && { proximal: { origin: from, ...terms.proximal } }),
  };
  let last: RoundTraining | undefined;
  try {
    if (begun !== undefined) {
      const { epoch, stepsBefore, steps } = begun.place;
      const about = { round, epoch, step: stepsBefore + steps };
      input.log.info(about, 'the training of the round goes on from its checkpoint');
      network.assign(begun.weights);
      await restoreOptimizer(optimizer, network, begun.optimizer);
    }
    const epochs = epochsOf(training, cases.length);
    for await (const { epoch, next, meanLoss } of trainingEpochs(
      ...([input, input.seedLabel, network, voxels, cases, epochs, options] as const),
    )) {
      last = { epochs: epoch, localSteps: next.stepsBefore, meanLoss };
    }
  } finally {
    optimizer.dispose();
  }
  assert(last !== undefined, 'a round has an epoch');
  return last;
}

/** Of a round: those that the job asks for, or as many as its steps take. */
function epochsOf(
  { localEpochs, localSteps, batchSize, accumulate = 1, patches }: TrainingSpec,
  cases: number,
): number {
  if (localSteps === undefined) return localEpochs;
  return Math.ceil(localSteps / Math.ceil(samplesOf(cases, patches) / (batchSize * accumulate)));
}
