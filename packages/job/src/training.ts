import { z } from 'zod';
import { lossSchema } from './losses.js';
import { sizeSchema } from './names.js';
import { optimizerSchema } from './optimizer-terms.js';
import { patchesSchema } from './patches.js';
import { postprocessStepSchema } from './postprocess-steps.js';
import { scheduledPart, scheduleSchema } from './schedule.js';

const positiveInt = z.number().int().positive();

export const trainingSchema = z.strictObject({
  loss: lossSchema.prefault({ kind: 'dice-ce' }).describe('What is made small'),
  optimizer: optimizerSchema
    .prefault({ kind: 'adam' })
    .describe('How a step is made of a gradient'),
  batchSize: positiveInt
    .max(256)
    .describe(
      'Cases, or patches of them, that pass the network at once; what its memory is bought for',
    ),
  accumulate: positiveInt
    .max(256)
    .optional()
    .describe(
      'Batches a step of the optimizer, 1 where absent: their gradients are averaged over all their cases. Optional rather than defaulted, like all that joined after jobs were first signed: a default would be filled into an old job and change its bytes',
    ),
  patches: patchesSchema.optional().describe('Patches that are trained on in the cases’ stead'),
  clipNorm: z
    .number()
    .positive()
    .optional()
    .describe(
      'Largest 2-norm of a step’s gradient over all weights; a larger one is scaled down to it',
    ),
  schedule: scheduleSchema
    .optional()
    .describe('How the learning rate goes over the rounds; it stays what it is where absent'),
  localEpochs: positiveInt
    .max(1000)
    .default(1)
    .describe('Passes over the site’s training cases in one round'),
  localSteps: positiveInt
    .max(1_000_000)
    .optional()
    .describe(
      'Steps of the optimizer in one round, as many at every site: passes over its cases until they are taken, the last of them cut short. Said instead of `localEpochs`',
    ),
  checkpointEvery: positiveInt
    .max(1_000_000)
    .optional()
    .describe(
      'Steps of the optimizer after which a site writes down where its round stands, so that one that was cut off goes on from there; a round is trained from its beginning where absent',
    ),
});

export const inferenceSchema = z.strictObject({
  roi: sizeSchema
    .optional()
    .describe(
      'Sliding-window patch in voxels; if absent that of `training.patches`, or the whole volume, padded to what the network divides',
    ),
  overlap: z
    .number()
    .min(0)
    .max(0.95)
    .default(0.25)
    .describe('Of neighbouring patches, as a part of their size'),
  flips: z
    .array(z.enum(['x', 'y', 'z']))
    .min(1)
    .refine((axes) => new Set(axes).size === axes.length, 'must name an axis once')
    .optional()
    .describe(
      'Test-time augmentation (Wang et al., BrainLes 2018): probabilities are the mean over the image and its mirror images along every set of these axes of the preprocessed grid',
    ),
  postprocess: z
    .array(postprocessStepSchema)
    .min(1)
    .optional()
    .describe(
      'What becomes of a predicted label map on the scan’s own grid; it stays as it is where absent',
    ),
});

export type TrainingSpec = z.output<typeof trainingSchema>;
export type InferenceSpec = z.output<typeof inferenceSchema>;

/** What of a job says how it trains in its rounds. */
interface TrainedInRounds {
  readonly training: TrainingSpec;
  readonly federation: { readonly rounds: number };
}

/**
 * What a site trains with in a round: the job's own, its learning rate as the schedule has it by then. Where
 * the schedule goes over steps it is the job's, of which `stepPartsOfRound` gives each step's part.
 * @param rateCuts what the coordinator counts where the schedule is a plateau
 */
export function trainingOfRound(
  { training, federation }: TrainedInRounds,
  round: number,
  rateCuts = 0,
): TrainingSpec {
  if (training.schedule === undefined || training.schedule.over === 'steps') return training;
  const part = scheduledPart(training.schedule, round - 1, federation.rounds, rateCuts);
  const { optimizer } = training;
  return { ...training, optimizer: { ...optimizer, learningRate: optimizer.learningRate * part } };
}

/**
 * Which part of the learning rate each local step of a round has, by its number from 0; undefined where all
 * steps of a round have one rate.
 * @param round from 1
 */
export function stepPartsOfRound(
  { training: { schedule, localSteps = 0 }, federation }: TrainedInRounds,
  round: number,
): ((step: number) => number) | undefined {
  if (schedule?.over !== 'steps') return undefined;
  const [before, all] = [(round - 1) * localSteps, federation.rounds * localSteps];
  return (step) => scheduledPart(schedule, before + step, all);
}
