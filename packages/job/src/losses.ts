import { z } from 'zod';
import { unionOf } from './kinds.js';

const part = z.number().positive();

/**
 * What losses of overlap share. Optional rather than defaulted is what joined after jobs were first signed: a
 * default would change their bytes.
 */
const overlap = {
  includeBackground: z
    .boolean()
    .default(true)
    .describe('Whether the first class has a share in the overlap'),
  batch: z
    .boolean()
    .optional()
    .describe(
      'Counts the voxels of a batch’s cases together; each case is counted by itself where absent',
    ),
};

const classWeights = z
  .array(part)
  .min(2)
  .max(255)
  .optional()
  .describe(
    'By what each of the job’s classes counts, the background first; all alike where absent',
  );

const dice = {
  ...overlap,
  squaredDenominator: z
    .boolean()
    .optional()
    .describe(
      'Sums the squares of probabilities in the denominator, as the V-Net’s: Milletari et al., 3DV 2016',
    ),
  classWeights,
};

/**
 * The losses that a job can name, each MONAI's of that name with a softmax: what it may say of each. What
 * one computes is the file of its kind in `learning`, which does not compile while one is missing.
 */
export const LOSS_TERMS = {
  /** Dice and cross-entropy: MONAI's `DiceCELoss`. */
  'dice-ce': {
    schema: z.strictObject({
      kind: z.literal('dice-ce'),
      ...dice,
      diceWeight: part.default(1).describe('How much the overlap counts in the sum'),
      crossEntropyWeight: part.default(1).describe('How much the cross-entropy counts in the sum'),
    }),
  },
  /** Milletari et al., 3DV 2016: MONAI's `DiceLoss`. */
  dice: { schema: z.strictObject({ kind: z.literal('dice'), ...dice }) },
  /** Dice and the focal loss of Lin et al., ICCV 2017: MONAI's `DiceFocalLoss`. */
  'dice-focal': {
    schema: z.strictObject({
      kind: z.literal('dice-focal'),
      ...dice,
      gamma: z
        .number()
        .min(0)
        .max(10)
        .default(2)
        .describe(
          'How little a voxel counts of which the network is sure: not at all less where 0',
        ),
      diceWeight: part.default(1).describe('How much the overlap counts in the sum'),
      focalWeight: part.default(1).describe('How much the focal loss counts in the sum'),
    }),
  },
  /** Salehi, Erdogmus and Gholipour, MLMI 2017: MONAI's `TverskyLoss`. */
  tversky: {
    schema: z.strictObject({
      kind: z.literal('tversky'),
      ...overlap,
      alpha: part
        .max(10)
        .default(0.5)
        .describe('What a false positive costs, and a false negative; with ½ each it is Dice'),
      beta: part.max(10).default(0.5).describe('What a false negative costs'),
    }),
  },
  /** PyTorch's `CrossEntropyLoss`, of voxels or of cases. */
  'cross-entropy': {
    schema: z.strictObject({ kind: z.literal('cross-entropy'), classWeights }),
  },
} as const;

export type LossKind = keyof typeof LOSS_TERMS;
export const LOSS_KINDS = Object.keys(LOSS_TERMS) as LossKind[];
export const lossSchema = unionOf(LOSS_TERMS);
/** What a job says of its loss; of one kind where it is named. */
export type LossSpec<Kind extends LossKind = LossKind> = Extract<
  z.output<typeof lossSchema>,
  { kind: Kind }
>;

/** What is wrong with the weights of a loss's classes in a job of so many; undefined where nothing is. */
export function classWeightsFault(loss: LossSpec, classes: number): string | undefined {
  if (!('classWeights' in loss) || loss.classWeights === undefined) return undefined;
  const { classWeights, kind } = loss;
  if (classWeights.length !== classes) {
    return `has ${classWeights.length} weights for ${classes} classes, the background among them`;
  }
  const isOfOverlap = kind === 'dice' || kind === 'dice-focal';
  const isAlone = classes === 2 && isOfOverlap && !loss.includeBackground;
  return isAlone ? 'weighs nothing where the background is left out of two classes' : undefined;
}
