import { z } from 'zod';

/** The figures a site may report, each with the direction that is better. */
export const METRICS = {
  dice: { better: 'higher' },
  auc: { better: 'higher' },
} as const;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];

/** One figure per metric; null where it is undefined or withheld by the site's policy. */
export type Figures = { readonly [Name in MetricName]: number | null };

export function isBetter(metric: MetricName, candidate: number, incumbent: number): boolean {
  return METRICS[metric].better === 'higher' ? candidate > incumbent : candidate < incumbent;
}

/** How a site's cases are divided into training and validation. */
export const SPLIT_RULES = ['by-rank', 'by-patient'] as const;
export type SplitRule = (typeof SPLIT_RULES)[number];

export const evaluationSchema = z.strictObject({
  /** The metric that decides which global model is best. */
  bestBy: z.enum(METRIC_NAMES, {
    error: (issue) =>
      `unknown metric ${JSON.stringify(issue.input)}; known metrics: ${METRIC_NAMES.join(', ')}`,
  }),
  /**
   * What an AUC is about: `case`, whether any voxel of the classes is present, scored by the highest
   * predicted probability; `voxel`, whether the voxel belongs to one of them, scored by its own.
   */
  auc: z.strictObject({
    level: z.enum(['case', 'voxel']),
    /** Names from the job's classes. */
    classes: z.array(z.string()).min(1),
  }),
  /** Part of a site's cases that it keeps for validation, chosen by the job's seed. */
  validationFraction: z.number().gt(0).lt(1).default(0.2),
  /**
   * Which cases those are. `by-patient`: a case's side is its patient's, a function of that patient and
   * the seed alone, and no other case has a say in it. `by-rank`: those that come first in an order of
   * all of the site's cases, so that a new one may move an old one over; the rule of the jobs that say
   * nothing, all of which were made before there was another.
   */
  split: z.enum(SPLIT_RULES).optional(),
});

export type EvaluationSpec = z.output<typeof evaluationSchema>;
