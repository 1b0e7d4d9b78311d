import { z } from 'zod';

interface Metric {
  /** As people read it. */
  readonly title: string;
  readonly better: 'higher' | 'lower';
  /** A figure lies within, ends included. */
  readonly range: readonly [min: number, max: number];
  /** What a model has that found nothing at all; null where no figure says that. */
  readonly nothingFound: number | null;
  /** Where a site has no figure though it withholds none, to end a sentence with. */
  readonly undefinedWhere: string;
}

/**
 * The figures a site may report, in the order in which they are shown: a sentence with room for one
 * shows the first. Statements, stored rows, answers, tables and means follow this list. What a site
 * signs is spelled out beside it, because that is closed on purpose, and so is each figure's column,
 * because it comes with a migration; both fail to compile where a metric was forgotten.
 */
export const METRICS = {
  dice: {
    title: 'Dice',
    better: 'higher',
    range: [0, 1],
    nothingFound: 0,
    undefinedWhere: 'where no validation case has the classes',
  },
  auc: {
    title: 'AUC',
    better: 'higher',
    range: [0, 1],
    nothingFound: null,
    undefinedWhere: 'where their validation cases are all of one kind',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];

/** Something of each metric, in their order. */
export type PerMetric<Value> = { readonly [Name in MetricName]: Value };

/** One figure per metric; null where it is undefined or withheld by the site's policy. */
export type Figures = PerMetric<number | null>;

export function perMetric<Value>(make: (metric: MetricName) => Value): PerMetric<Value> {
  const values = METRIC_NAMES.map((metric) => [metric, make(metric)]);
  return Object.fromEntries(values) as PerMetric<Value>;
}

/** The figures alone, of something that has more to say. */
export function figuresOf(from: Figures): Figures {
  return perMetric((metric) => from[metric]);
}

export const NO_FIGURES: Figures = perMetric(() => null);

/**
 * Why there is no figure: the site's policy withholds it; it is not defined for these cases; the site
 * gave no answer; nobody was asked yet.
 */
export const MISSING_FIGURES = ['withheld', 'undefined', 'no-answer', 'not-yet'] as const;
export type MissingFigure = (typeof MISSING_FIGURES)[number];

/** Figures, and beside them why those that are null are. */
export interface ExplainedFigures extends Figures {
  readonly missing?: Partial<PerMetric<MissingFigure>> | undefined;
}

export function hasNoFigure(figures: Figures): boolean {
  return METRIC_NAMES.every((metric) => figures[metric] === null);
}

/** "Dice and AUC". */
export function metricTitles(): string {
  const titles = METRIC_NAMES.map((metric) => METRICS[metric].title);
  return new Intl.ListFormat('en').format(titles);
}

export function isBetter(metric: MetricName, candidate: number, incumbent: number): boolean {
  return METRICS[metric].better === 'higher' ? candidate > incumbent : candidate < incumbent;
}

/** How a site's cases are divided into training and validation. */
export const SPLIT_RULES = ['by-rank', 'by-patient'] as const;
export type SplitRule = (typeof SPLIT_RULES)[number];

/** k-fold cross-validation: every case, or every patient, validates in exactly one of the folds. */
export const foldSchema = z
  .strictObject({
    number: z.number().int().min(1).describe('Of this fold'),
    of: z.number().int().min(2).max(100).describe('So many folds'),
  })
  .refine(({ number, of }) => number <= of, {
    path: ['number'],
    message: 'is more than there are folds',
  });

export const evaluationSchema = z.strictObject({
  bestBy: z
    .enum(METRIC_NAMES, {
      error: (issue) =>
        `unknown metric ${JSON.stringify(issue.input)}; known metrics: ${METRIC_NAMES.join(', ')}`,
    })
    .describe('The metric that decides which global model is best'),
  auc: z
    .strictObject({
      level: z.enum(['case', 'voxel']).describe('Of which things it is told apart'),
      classes: z.array(z.string()).min(1).describe('Names from the job’s classes'),
    })
    .describe(
      'What an AUC is about: `case`, whether any voxel of the classes is present, scored by the highest predicted probability, or, where cases are classified, whether it is of the classes, scored by their probability; `voxel`, whether the voxel belongs to one of them, scored by its own',
    ),
  validationFraction: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe('Part of a site’s cases that it keeps for validation, chosen by the job’s seed'),
  fold: foldSchema
    .optional()
    .describe(
      'Of so many folds, the one that validates, from 1; counts instead of `validationFraction`',
    ),
  split: z
    .enum(SPLIT_RULES)
    .optional()
    .describe(
      'Which cases those are. `by-patient`: a case’s side is its patient’s, a function of that patient and the seed alone, and no other case has a say in it. `by-rank`: those that come first in an order of all of the site’s cases, so that a new one may move an old one over; the rule of the jobs that say nothing, all of which were made before there was another',
    ),
});

export type EvaluationSpec = z.output<typeof evaluationSchema>;

/** Of cases in an order by chance, those that validate, as parts of them all. */
export interface ValidationPart {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

export function validationPart({
  validationFraction,
  fold,
}: Pick<EvaluationSpec, 'validationFraction' | 'fold'>): ValidationPart {
  if (fold === undefined) return { from: 0, to: validationFraction };
  return { from: (fold.number - 1) / fold.of, to: fold.number / fold.of };
}
