import { z } from 'zod';

/**
 * What a model is compared by, over the sites that scored it and another: by their weighted mean, as
 * models are averaged; by the plain mean, each site counting alike; or by the site that it does worst at.
 */
export const SELECTION_RULES = ['weighted', 'mean', 'worst'] as const;
export type SelectionRule = (typeof SELECTION_RULES)[number];

/** How a job's best model is chosen by `evaluation.bestBy`, and when no better one is to be hoped for. */
export const selectionSchema = z
  .strictObject({
    over: z
      .enum(SELECTION_RULES)
      .default('weighted')
      .describe(
        'By the weighted mean of the sites, as models are averaged, by their plain mean, or by the site that the model does worst at',
      ),
    patience: z
      .number()
      .int()
      .positive()
      .max(100_000)
      .optional()
      .describe(
        'The job ends after so many models in a row without a gain; after all its rounds where absent',
      ),
    minGain: z
      .number()
      .positive()
      .optional()
      .describe(
        'By how much a model must be better to be a gain, in the metric’s unit; any bit where absent',
      ),
  })
  .refine(({ patience, minGain }) => minGain === undefined || patience !== undefined, {
    path: ['minGain'],
    message: 'has no meaning without selection.patience',
  });

export type SelectionSpec = z.output<typeof selectionSchema>;
