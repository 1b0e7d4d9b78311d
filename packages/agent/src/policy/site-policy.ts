import {
  type DataSummary,
  type Figures,
  type Job,
  matchesName,
  NO_FIGURES,
  namePatternSchema,
  perMetric,
  STRATEGY_TERMS,
} from '@fedvox/job';
import type { FiguresOutlook, GateOutcome } from '@fedvox/protocol';
import { z } from 'zod';

/** What this site allows, whoever asks. */
export const sitePolicySchema = z
  .strictObject({
    minCasesForMetrics: z
      .number()
      .int()
      .min(1)
      .default(5)
      .describe('A figure that describes fewer validation cases than this is withheld'),
    weightSource: z
      .enum(['examples', 'declared', 'uniform'])
      .default('examples')
      .describe(
        'What the FedAvg weight tells: the number of training cases, a number of the site’s own, or 1',
      ),
    declaredWeight: z
      .number()
      .positive()
      .max(1e9)
      .optional()
      .describe('The FedAvg weight that is told where `weightSource` is `declared`'),
    minCohort: z
      .number()
      .int()
      .min(1)
      .default(3)
      .describe(
        'Fewest sites of a round that this site’s delta may be averaged with, its own included',
      ),
    shareDataSummary: z
      .boolean()
      .default(false)
      .describe(
        'Whether a job that asks may be told what the data are like: medians and percentiles, of no case',
      ),
    allowedJobs: z
      .array(namePatternSchema)
      .min(1)
      .optional()
      .describe('Jobs this site takes part in; every job where absent'),
    maxLocalEpochs: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Most passes over its data that the site gives to one round'),
    maxLocalSteps: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Most steps of the optimizer that it gives to one, of jobs that fix them'),
    approval: z
      .enum(['automatic', 'ask'])
      .default('automatic')
      .describe(
        'Whether a job that the rest of the policy allows begins by itself, or once a person here has approved it',
      ),
  })
  .refine(
    (policy) => (policy.weightSource === 'declared') === (policy.declaredWeight !== undefined),
    {
      path: ['declaredWeight'],
      message: 'is needed with weightSource: declared, and only there',
    },
  );

export type SitePolicy = z.output<typeof sitePolicySchema>;

/** Whether the site may do this job at all. */
export function judgeJob(
  policy: SitePolicy,
  job: Job,
): Extract<GateOutcome, 'pass' | 'refused-by-policy'> {
  return refusalOfJob(policy, job) === undefined ? 'pass' : 'refused-by-policy';
}

/** Why the site may not do this job, for the people at the site; undefined where it may. */
export function refusalOfJob(policy: SitePolicy, { name, training, federation }: Job) {
  const { allowedJobs, maxLocalEpochs, maxLocalSteps, minCohort, weightSource } = policy;
  const { minSites, strategy } = federation;
  if (minSites < minCohort) {
    return `its rounds may close with ${minSites} sites; policy.minCohort is ${minCohort}`;
  }
  if (allowedJobs !== undefined && !allowedJobs.some((pattern) => matchesName(pattern, name))) {
    return `policy.allowedJobs (${allowedJobs.join(', ')}) does not name it`;
  }
  if (maxLocalEpochs !== undefined && training.localEpochs > maxLocalEpochs) {
    return `it asks for ${training.localEpochs} local epochs; policy.maxLocalEpochs is ${maxLocalEpochs}`;
  }
  const { localSteps } = training;
  if (localSteps !== undefined && maxLocalSteps === undefined && maxLocalEpochs !== undefined) {
    return `it fixes ${localSteps} local steps; policy has maxLocalEpochs and no maxLocalSteps`;
  }
  if (localSteps !== undefined && maxLocalSteps !== undefined && localSteps > maxLocalSteps) {
    return `it asks for ${localSteps} local steps; policy.maxLocalSteps is ${maxLocalSteps}`;
  }
  const tellsCases = STRATEGY_TERMS[strategy.kind].needs.localSteps && localSteps === undefined;
  if (weightSource !== 'examples' && tellsCases) {
    return (
      `its strategy, ${strategy.kind}, asks for the number of local steps, which tells about how many ` +
      `cases there are; policy.weightSource is ${weightSource}`
    );
  }
  return undefined;
}

/** What a figure says about a hospital's cases ends here; digits beyond these would only tell them apart. */
const FIGURE_DECIMALS = 4;

/** The figures as they may leave: rounded, and none of them where they describe too few cases. */
export function withholdFigures(
  policy: SitePolicy,
  figures: Figures,
  validationCases: number,
): Figures {
  const isWithheld = figuresOutlook(policy, validationCases) === 'withheld';
  return isWithheld ? NO_FIGURES : perMetric((metric) => rounded(figures[metric]));
}

function rounded(figure: number | null): number | null {
  return figure === null ? null : Number(figure.toFixed(FIGURE_DECIMALS));
}

/** What is said of them at the gate, so that a job that nobody can measure is known before it runs. */
export function figuresOutlook(policy: SitePolicy, validationCases: number): FiguresOutlook {
  return validationCases < policy.minCasesForMetrics ? 'withheld' : 'reported';
}

/** Why a job whose figures this site withholds cannot be done here; undefined where it can. */
export function refusalOfWithheld(
  policy: SitePolicy,
  { federation: { strategy } }: Job,
  validationCases: number,
): string | undefined {
  const isWithheld = figuresOutlook(policy, validationCases) === 'withheld';
  if (!isWithheld || !STRATEGY_TERMS[strategy.kind].needs.dice) return undefined;
  return (
    `its strategy, ${strategy.kind}, counts by each site's Dice; of ${validationCases} validation cases ` +
    `none is told here, policy.minCasesForMetrics being ${policy.minCasesForMetrics}`
  );
}

/** A summary as it may leave: none of too few cases, and no number of cases where the weight tells none. */
export function tellableSummary(
  { shareDataSummary, minCasesForMetrics, weightSource }: SitePolicy,
  summary: DataSummary | undefined,
): DataSummary | undefined {
  if (!shareDataSummary || summary?.cases == null || summary.cases < minCasesForMetrics) {
    return undefined;
  }
  return weightSource === 'examples' ? summary : { ...summary, cases: null };
}

export interface FedAvgWeight {
  readonly value: number;
  readonly source: SitePolicy['weightSource'];
}

export function fedAvgWeight(policy: SitePolicy, trainCases: number): FedAvgWeight {
  const source = policy.weightSource;
  switch (source) {
    case 'examples':
      return { value: trainCases, source };
    case 'declared':
      // The schema demands it with this source.
      return { value: policy.declaredWeight as number, source };
    case 'uniform':
      return { value: 1, source };
  }
}
