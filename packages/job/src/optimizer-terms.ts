import { z } from 'zod';
import { unionOf } from './kinds.js';

const rate = z.number().positive().max(1).describe('How far a step goes');
/** Optional rather than defaulted is what joined after jobs were first signed: a default would change their bytes. */
const weightDecay = z.number().min(0).lt(1).describe('How strongly weights are drawn to 0');

const moments = {
  learningRate: rate.default(1e-3),
  beta1: z.number().min(0).max(1).default(0.9).describe('How much of the first moment is kept'),
  beta2: z.number().min(0).max(1).default(0.999).describe('How much of the second moment is kept'),
  epsilon: z.number().positive().default(1e-8).describe('Added to what is divided by'),
};

/**
 * The optimizers that a job can name, each PyTorch's of that name: what it may say of each. How one steps is
 * a row of `learning`'s table, which does not compile while one is missing.
 */
export const OPTIMIZER_TERMS = {
  /** Kingma and Ba, ICLR 2015. */
  adam: {
    schema: z.strictObject({
      kind: z.literal('adam'),
      ...moments,
      weightDecay: weightDecay
        .optional()
        .describe('How strongly weights are drawn to 0, by their gradients'),
    }),
  },
  /** Adam that draws weights to 0 beside its steps: Loshchilov and Hutter, ICLR 2019. */
  adamw: {
    schema: z.strictObject({
      kind: z.literal('adamw'),
      ...moments,
      weightDecay: weightDecay.default(1e-2),
    }),
  },
  /** Gradient descent; plain, a step is the gradient times the learning rate: Sutskever et al., ICML 2013. */
  sgd: {
    schema: z
      .strictObject({
        kind: z.literal('sgd'),
        learningRate: rate.default(1e-2),
        momentum: z
          .number()
          .gt(0)
          .lt(1)
          .optional()
          .describe('What of a step is left in the next; nothing where absent'),
        nesterov: z.boolean().optional().describe('Whether a step looks ahead along its momentum'),
        weightDecay: weightDecay.optional(),
      })
      .refine(({ momentum, nesterov }) => nesterov !== true || momentum !== undefined, {
        path: ['nesterov'],
        message: 'looks ahead along a momentum, of which the optimizer has none',
      }),
  },
} as const;

export type OptimizerKind = keyof typeof OPTIMIZER_TERMS;
export const OPTIMIZER_KINDS = Object.keys(OPTIMIZER_TERMS) as OptimizerKind[];
export const optimizerSchema = unionOf(OPTIMIZER_TERMS);
/** What a job says of its optimizer; of one kind where it is named. */
export type OptimizerSpec<Kind extends OptimizerKind = OptimizerKind> = Extract<
  z.output<typeof optimizerSchema>,
  { kind: Kind }
>;

/** Whether it is plain descent: a step is the gradient times the learning rate, and nothing else. */
export function isPlainDescent(optimizer: OptimizerSpec): boolean {
  return optimizer.kind === 'sgd' && !optimizer.momentum && !optimizer.weightDecay;
}
