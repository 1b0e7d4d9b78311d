import { z } from 'zod';

/** What a round does that has quarantined updates: averages the others, or waits for an operator's word. */
export const ON_QUARANTINE = ['go-on', 'wait'] as const;

/**
 * The firewall of a job's rounds: by what an update that could be averaged is kept out of the average.
 * What is measured is written down beside `aggregation`'s `screen`, where the figures come from too.
 */
export const firewallSchema = z.strictObject({
  maxNormRatio: z
    .number()
    .gt(1)
    .default(5)
    .describe(
      'An update is quarantined whose norm is larger than so many times the median of its round, or of the job’s last rounds; one that is as much smaller is flagged',
    ),
  minCosine: z
    .number()
    .gt(-1)
    .lt(1)
    .default(0.02)
    .describe(
      'An update is quarantined whose direction agrees with most others’ by a lower cosine than this, where those agree firmly',
    ),
  onQuarantine: z
    .enum(ON_QUARANTINE)
    .default('go-on')
    .describe('Whether a round goes on without the update, or waits for an operator’s verdict'),
});
export type FirewallRules = z.output<typeof firewallSchema>;

/** What a job may say of its firewall: its rules, or that it has none. */
export const firewallChoiceSchema = z.union([z.literal('off'), firewallSchema], {
  error: 'must be off, or rules of maxNormRatio, minCosine and onQuarantine',
});

/** Where nothing is said of it in a job that is written today. */
export const DEFAULT_FIREWALL: FirewallRules = firewallSchema.parse({});

/** Why an accepted update is left out of the average. A closed list: its site is told. */
export const QUARANTINE_REASONS = [
  /** Its norm is far above that of the round, or of the rounds before. */
  'norm-too-large',
  /** It points away from most of the others, who agree. */
  'direction-opposed',
  /** An operator decided so. */
  'by-operator',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** What an operator should look at, and what leaves nothing out. */
export const UPDATE_FLAGS = [
  /** Every value of the delta is 0: the site trained nothing. */
  'zero-delta',
  'norm-too-small',
  /** The sites point away from each other: they are too few, or agree too little, to tell who is right. */
  'sites-disagree',
  /** A figure that is perfect where the others' are far from it. */
  'figures-too-good',
] as const;
export type UpdateFlag = (typeof UPDATE_FLAGS)[number];
