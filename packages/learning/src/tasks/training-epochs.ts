import { seededRandom } from '@fedvox/base';
import type { VoxelEngine } from '@fedvox/imaging';
import type { Network } from '../networks/network.js';
import type { StepTerms } from '../training/gradient-terms.js';
import { type TrainOptions, trainEpochs } from '../training/train-epochs.js';
import type { TaskInput } from './input.js';
import type { SiteCase } from './site-data.js';

/** The training loop as a job declares it, with progress. */
export function trainingEpochs(
  { job, signal, clock, onProgress }: TaskInput,
  seedLabel: string,
  network: Network,
  voxels: VoxelEngine,
  cases: readonly SiteCase[],
  epochs: number,
  ofRound: StepTerms & Partial<TrainOptions> = {},
) {
  return trainEpochs(network, {
    training: job.training,
    ...ofRound,
    cases: cases.flatMap(({ prepared, patches }, index) => patches?.(`${index}`) ?? [prepared]),
    epochs,
    augment: job.augment,
    random: seededRandom(job.seed).fork(`training/${seedLabel}`),
    voxels,
    clock,
    ...(signal && { signal }),
    onBatch: ({ epoch, batch, batches, loss }) =>
      onProgress?.({ phase: 'training', done: batch, total: batches, epoch, epochs, loss }),
  });
}
