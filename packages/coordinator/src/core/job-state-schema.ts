import { SHA256_PATTERN } from '@fedvox/base';
import {
  encodingSchema,
  firewallSchema,
  QUARANTINE_REASONS,
  selectionSchema,
  strategySchema,
  UPDATE_FLAGS,
} from '@fedvox/job';
import { CAPABILITIES, FIGURES_OUTLOOKS, GATE_OUTCOMES } from '@fedvox/protocol';
import { z } from 'zod';
import { CLOSE_CAUSES } from './roll-call.js';

const digest = z.string().regex(SHA256_PATTERN);
const timeMs = z.number().int();
const durationMs = z.number().nonnegative();
const count = z.number().int().nonnegative();
const sites = z.array(z.string()).readonly();

export const startedFromSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file') }),
  z.strictObject({ kind: z.literal('job'), job: z.string().max(200), round: count }),
]);

const plan = z.strictObject({
  jobId: z.string(),
  rounds: count,
  minSites: count,
  deadlineMs: durationMs,
  gateMs: durationMs,
  graceMs: durationMs.nullable(),
  strategy: strategySchema,
  encoding: encodingSchema.exactOptional(),
  maxShare: z.number().nullable(),
  maxExamples: z.number(),
  firewall: firewallSchema.exactOptional(),
  invitedSites: sites,
  laterSites: sites,
  initialModel: digest,
  participation: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('named'), sites: z.array(z.string()) }),
      z.strictObject({ kind: z.literal('fraction'), fraction: z.number(), seed: z.number() }),
    ])
    .exactOptional(),
  needs: z.array(z.enum(CAPABILITIES)).readonly().exactOptional(),
  selection: selectionSchema.exactOptional(),
  archive: z.literal(true).exactOptional(),
  startedFrom: startedFromSchema.exactOptional(),
});

const quarantineReason = z.enum(QUARANTINE_REASONS);
const verdict = z.strictObject({
  norm: z.number().nullable(),
  cosine: z.number().nullable(),
  reason: quarantineReason.nullable(),
  flags: z.array(z.enum(UPDATE_FLAGS)).readonly(),
  by: z.string().nullable(),
});

const answer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('update'),
    statement: digest,
    verdict: verdict.exactOptional(),
    staleness: count.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('given-up') }),
  z.strictObject({
    kind: z.literal('declined'),
    reason: z.enum(GATE_OUTCOMES).exclude(['pass']),
    askAgainAtMs: timeMs,
  }),
]);

const entry = z.strictObject({
  answer: answer.nullable(),
  isAwaited: z.boolean(),
  isCalled: z.boolean(),
});

const site = z.strictObject({
  isRevoked: z.boolean(),
  outcome: z.enum(GATE_OUTCOMES).nullable(),
  askAgainAtMs: timeMs.nullable(),
  figures: z.enum(FIGURES_OUTLOOKS).nullable(),
  lacks: z.array(z.enum(CAPABILITIES)).readonly().nullable().default(null),
  silentRounds: count,
  leftOut: z.strictObject({ round: count, reason: quarantineReason }).nullable().default(null),
  /** In the present round. */
  takesPart: z.boolean(),
  /** In its roll. */
  entry: entry.nullable(),
});

const rollCall = z.strictObject({
  openedAtMs: timeMs,
  quorumAtMs: timeMs.nullable(),
  deadlineAtMs: timeMs,
});

const roundBase = z.strictObject({
  number: count,
  work: z.enum(['train', 'evaluate']),
  baseModel: digest,
  baseState: digest.nullable(),
  earlierBases: z.array(digest).readonly().exactOptional(),
});

const roundFailure = z.enum([
  'quorum-not-reached',
  'quarantined-below-quorum',
  'screening-failed',
  'aggregation-failed',
]);
const round = z.discriminatedUnion('phase', [
  roundBase.extend({ phase: z.literal('pending') }),
  roundBase.extend({ phase: z.literal('open'), rollCall }),
  roundBase.extend({
    phase: z.literal('closing'),
    rollCall,
    cause: z.enum(CLOSE_CAUSES),
  }),
  roundBase.extend({ phase: z.literal('screening'), rollCall }),
  roundBase.extend({ phase: z.literal('held'), rollCall, heldAtMs: timeMs }),
  roundBase.extend({ phase: z.literal('aggregating'), rollCall }),
  roundBase.extend({ phase: z.literal('failed'), rollCall, reason: roundFailure }),
  roundBase.extend({
    phase: z.literal('committed'),
    model: digest,
    serverState: digest.nullable(),
  }),
]);

const jobBase = z.strictObject({
  plan,
  activity: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('gate'), openedAtMs: timeMs, deadlineAtMs: timeMs }),
    z.strictObject({ kind: z.literal('round'), round }),
  ]),
  sites: z.record(z.string(), site),
});

const anyStatus = z.discriminatedUnion('status', [
  jobBase.extend({ status: z.literal('running') }),
  jobBase.extend({ status: z.literal('paused'), pausedAtMs: timeMs }),
  jobBase.extend({
    status: z.literal('failed'),
    reason: z.enum([...roundFailure.options, 'gate-not-passed']),
  }),
  jobBase.extend({ status: z.literal('aborted') }),
  jobBase.extend({ status: z.literal('completed') }),
]);

/** What a stored state must be to be believed: whole, and nothing else. */
export const heldStateSchema = anyStatus.superRefine(({ plan, sites }, context) => {
  const missing = plan.invitedSites.filter((name) => !Object.hasOwn(sites, name));
  for (const name of missing) {
    context.addIssue({ code: 'custom', path: ['sites', name], message: 'it is not there' });
  }
});

/** A state as it is stored, its parts put together: what is known of a site stands in one place. */
export type HeldState = z.output<typeof heldStateSchema>;
