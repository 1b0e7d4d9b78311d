import { seededRandom } from '@fedvox/base';
import type { VoxelEngine } from '@fedvox/imaging';
import type { Network } from '../networks/network.js';
import type { StepTerms } from '../training/gradient-terms.js';
import { PreparationThreads } from '../training/preparation-threads.js';
import type { Preparer } from '../training/preparer.js';
import { type TrainOptions, trainEpochs } from '../training/train-epochs.js';
import type { TaskInput } from './input.js';
import type { SiteCase } from './site-data.js';

/** Runs a task that trains with what augments its cases: the one it was given, or threads that end with it. */
export async function withPreparer<Input extends TaskInput, Result>(
  input: Input,
  run: (input: Input & { readonly preparer: Preparer }) => Promise<Result>,
): Promise<Result> {
  const own = new PreparationThreads(input.clock);
  const { preparer = own } = input;
  // While data is read and a model measured they have the time to start.
  preparer.expect(input.job.augment);
  try {
    return await run({ ...input, preparer });
  } finally {
    await own.close();
  }
}

/** The training loop as a job declares it, with progress. */
export function trainingEpochs(
  { job, signal, clock, preparer, onProgress }: TaskInput,
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
    ...(preparer && { preparer }),
    ...(signal && { signal }),
    onBatch: ({ epoch, batch, batches, loss }) =>
      onProgress?.({ phase: 'training', done: batch, total: batches, epoch, epochs, loss }),
  });
}
