import { z } from 'zod';
import { unionOf } from './kinds.js';
import { nameSchema } from './names.js';

/** What a strategy needs of the sites whose updates it aggregates. */
export interface SiteNeeds {
  /** That updates count by their FedAvg weight; where not, each counts 1. */
  readonly weights: boolean;
  /** That each site says how many steps of the optimizer made its update. */
  readonly localSteps: boolean;
  /** That each site reports its Dice of the model that the round began with. */
  readonly dice: boolean;
  /**
   * What a site keeps of a job in its state folder: nothing, the latest of whatever round it took part in,
   * or something of every round, without which it cannot take part in the next.
   */
  readonly keeps: 'nothing' | 'latest' | 'every-round';
  /** That every site of a round gives an update: `minSites` are not enough. */
  readonly everySite: boolean;
}

const WEIGHED: SiteNeeds = {
  weights: true,
  localSteps: false,
  dice: false,
  keeps: 'nothing',
  everySite: false,
};
const STEPWISE: SiteNeeds = { ...WEIGHED, localSteps: true };
const ALIKE: SiteNeeds = { ...WEIGHED, weights: false };
/** Of two, neither is a majority. */
const FEWEST_FOR_MAJORITY = 3;
/** What of a quotient is rounding. */
const ROUNDING = 1e-9;

const positive = z.number().positive();
/** A decay: how much of a moment is left after a round. */
const decay = z.number().min(0).lt(1);

/**
 * By what updates count in a mean: by the FedAvg weight of each, where absent too, all alike, or by what
 * the job declares for each site. Optional rather than defaulted: a default would change the bytes of jobs
 * that were signed before.
 */
const averaging = {
  weights: z
    .union(
      [
        z.enum(['examples', 'uniform']),
        z.strictObject({
          declared: z
            .record(nameSchema, z.number().positive().max(1e9))
            .describe('A number for each site'),
        }),
      ],
      { error: 'must be examples, uniform, or {declared: …} with a number above 0 for each site' },
    )
    .optional()
    .describe(
      'By what updates count in a mean: by the FedAvg weight of each, where absent too, all alike, or by what the job declares',
    ),
};
/** What the adaptive rules share (Reddi et al., ICLR 2021): η, which no value suits everywhere, and τ. */
const adaptive = {
  ...averaging,
  learningRate: positive.describe('η of the server'),
  tau: positive.default(1e-3).describe('τ: keeps the steps of values that hardly change small'),
};
const moments = {
  ...adaptive,
  beta1: decay.default(0.9).describe('How much of the first moment is kept from round to round'),
  beta2: decay.default(0.99).describe('How much of the second moment is kept from round to round'),
};

const trimmedMean = z.strictObject({
  kind: z.literal('trimmed-mean'),
  fraction: positive
    .lt(0.5)
    .default(0.2)
    .describe('Of the sites, so many are left out at either end of each value: rounded down'),
});
const krum = z.strictObject({
  kind: z.literal('krum'),
  byzantine: z.number().int().positive().default(1).describe('f: so many sites may send anything'),
  selected: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe('Updates that are averaged: more than one is Multi-Krum'),
});

/**
 * The strategies that a job can name: what it may say of each, what each needs of the sites, and how many
 * of them a round needs for the rule to hold what it promises. How it aggregates is the row of its kind
 * in `aggregation`, which does not compile while one is missing.
 */
export const STRATEGY_TERMS = {
  /** Federated averaging: McMahan et al., AISTATS 2017. */
  fedavg: {
    schema: z.strictObject({ kind: z.literal('fedavg'), ...averaging }),
    needs: WEIGHED,
    fewestSites: () => 1,
  },
  /** Averaging of models that a proximal term kept near the base: Li et al., MLSys 2020. */
  fedprox: {
    schema: z.strictObject({
      kind: z.literal('fedprox'),
      ...averaging,
      mu: positive.describe(
        'μ: how strongly a site’s steps are drawn back to the model that its round began with',
      ),
    }),
    needs: WEIGHED,
    fewestSites: () => 1,
  },
  /** Averaging with server momentum: Hsu, Qi and Brown, arXiv:1909.06335. */
  fedavgm: {
    schema: z.strictObject({
      kind: z.literal('fedavgm'),
      ...averaging,
      learningRate: positive.default(1).describe('η of the server'),
      momentum: decay.default(0.9).describe('How much of the last step is taken again'),
    }),
    needs: WEIGHED,
    fewestSites: () => 1,
  },
  /** Adam, Yogi and Adagrad on the server: Reddi et al., ICLR 2021. */
  fedadam: {
    schema: z.strictObject({ kind: z.literal('fedadam'), ...moments }),
    needs: WEIGHED,
    fewestSites: () => 1,
  },
  fedyogi: {
    schema: z.strictObject({ kind: z.literal('fedyogi'), ...moments }),
    needs: WEIGHED,
    fewestSites: () => 1,
  },
  fedadagrad: {
    schema: z.strictObject({
      kind: z.literal('fedadagrad'),
      ...adaptive,
      beta1: decay.default(0).describe('How much of the first moment is kept from round to round'),
    }),
    needs: WEIGHED,
    fewestSites: () => 1,
  },
  /** Asynchronous averaging of a buffer of updates: Nguyen et al., AISTATS 2022. */
  fedbuff: {
    schema: z.strictObject({
      kind: z.literal('fedbuff'),
      buffer: z
        .number()
        .int()
        .min(2)
        .max(10_000)
        .describe('K: a round closes as soon as it has so many updates'),
      maxStaleness: z
        .number()
        .int()
        .min(0)
        .max(100)
        .default(10)
        .describe(
          'Updates of so many rounds before the present one are taken; of earlier ones none',
        ),
      learningRate: positive.default(1).describe('η of the server'),
    }),
    needs: ALIKE,
    fewestSites: () => 1,
  },
  /** The median of each value: Yin et al., ICML 2018. */
  median: {
    schema: z.strictObject({ kind: z.literal('median') }),
    needs: ALIKE,
    fewestSites: () => FEWEST_FOR_MAJORITY,
  },
  /** The mean of each value without its ends: Yin et al., ICML 2018. */
  'trimmed-mean': {
    schema: trimmedMean,
    needs: ALIKE,
    fewestSites: ({ fraction }: z.output<typeof trimmedMean>) =>
      Math.max(FEWEST_FOR_MAJORITY, Math.ceil(1 / fraction - ROUNDING)),
  },
  /** The updates that lie closest together: Blanchard et al., NeurIPS 2017. */
  krum: {
    schema: krum,
    needs: ALIKE,
    fewestSites: ({ byzantine, selected }: z.output<typeof krum>) =>
      Math.max(2 * byzantine + 3, selected + byzantine),
  },
  /** Robust federated averaging, RFA: Pillutla, Kakade and Harchaoui, IEEE TSP 2022. */
  'geometric-median': {
    schema: z.strictObject({
      kind: z.literal('geometric-median'),
      ...averaging,
      iterations: z
        .number()
        .int()
        .positive()
        .max(100)
        .default(10)
        .describe(
          'Steps towards it; each reads every update once, and the pull of a far one ebbs with each',
        ),
      smoothing: positive
        .default(1e-6)
        .describe('ν: closer than this, an update counts no more for being close'),
    }),
    needs: WEIGHED,
    fewestSites: () => FEWEST_FOR_MAJORITY,
  },
  /** Averaging of what sites do per local step: Wang et al., NeurIPS 2020. */
  fednova: {
    schema: z.strictObject({ kind: z.literal('fednova'), ...averaging }),
    needs: STEPWISE,
    fewestSites: () => 1,
  },
  /** Averaging that goes further for sites at which the model is worse: Li et al., ICLR 2020. */
  'q-fedavg': {
    schema: z.strictObject({
      kind: z.literal('q-fedavg'),
      q: z
        .number()
        .min(0)
        .max(10)
        .describe('How much more the worse sites count: 0 is averaging with all alike'),
      lipschitz: positive.describe(
        'L: how fast a loss’s gradient may change; the paper takes one over the sites’ learning rate',
      ),
    }),
    needs: { ...ALIKE, dice: true },
    fewestSites: () => 1,
  },
  /** Steps corrected for how a site's data differs from all data: Karimireddy et al., ICML 2020. */
  scaffold: {
    schema: z.strictObject({ kind: z.literal('scaffold') }),
    needs: { ...ALIKE, keeps: 'every-round', everySite: true },
    fewestSites: () => 1,
  },
  /** Averaging, beside which each site trains a model of its own: Li et al., ICML 2021. */
  ditto: {
    schema: z.strictObject({
      kind: z.literal('ditto'),
      ...averaging,
      lambda: positive.describe(
        'λ: how strongly a site’s own model is drawn to the one that its round began with',
      ),
    }),
    needs: { ...WEIGHED, keeps: 'latest' },
    fewestSites: () => 1,
  },
  /** Averaging of all but the norms, which stay each site's own: Li et al., ICLR 2021. */
  fedbn: {
    schema: z.strictObject({ kind: z.literal('fedbn'), ...averaging }),
    needs: { ...WEIGHED, keeps: 'latest' },
    fewestSites: () => 1,
  },
} as const;

export type StrategyKind = keyof typeof STRATEGY_TERMS;
export const STRATEGY_KINDS = Object.keys(STRATEGY_TERMS) as StrategyKind[];
export const strategySchema = unionOf(STRATEGY_TERMS);
/** What a job says of its strategy; of one kind where it is named. */
export type StrategySpec<Kind extends StrategyKind = StrategyKind> = Extract<
  z.output<typeof strategySchema>,
  { kind: Kind }
>;

/** The fewest sites that a round needs for its strategy to hold what it promises. */
export function fewestSites(spec: StrategySpec): number {
  // What a job says of a kind is what the row of that kind takes, which a lookup cannot express.
  const row = STRATEGY_TERMS[spec.kind] as { fewestSites: (said: StrategySpec) => number };
  return row.fewestSites(spec);
}

/** By site, the weights that a job declares; null where it declares none. */
export function declaredWeights(spec: StrategySpec): Readonly<Record<string, number>> | null {
  if (!('weights' in spec) || typeof spec.weights !== 'object') return null;
  return spec.weights.declared;
}

/** How a job's rounds overlap; null where each begins once the one before is over. */
export function bufferOf(spec: StrategySpec): StrategySpec<'fedbuff'> | null {
  return spec.kind === 'fedbuff' ? spec : null;
}

/** How many rounds ago the round of an update may have begun that the present one still takes. */
export const maxStaleness = (spec: StrategySpec) => bufferOf(spec)?.maxStaleness ?? 0;
