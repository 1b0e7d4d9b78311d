import { SHA256_PATTERN } from '@fedvox/base';
import {
  jobSchema,
  METRIC_NAMES,
  MISSING_FIGURES,
  nameSchema,
  perMetric,
  QUARANTINE_REASONS,
  selectionSchema,
  UPDATE_FLAGS,
} from '@fedvox/job';
import { OPERATING_ROLES } from '@fedvox/pki';
import { CAPABILITIES, FIGURES_OUTLOOKS, GATE_OUTCOMES, SITE_STATES } from '@fedvox/protocol';
import { z } from 'zod';
import type { JobFact } from './core/facts.js';
import { startedFromSchema } from './core/job-state-schema.js';
import { STANDINGS } from './core/standing.js';

/** The REST interface: what the server validates, documents and answers, and what the client reads. */

const sha256 = z.string().regex(SHA256_PATTERN, 'must be a SHA-256 in lower-case hexadecimal');
const timeMs = z.number().int().describe('milliseconds since the Unix epoch');
const figures = {
  ...perMetric(() => z.number().nullable()),
  missing: z
    .partialRecord(z.enum(METRIC_NAMES), z.enum(MISSING_FIGURES))
    .optional()
    .describe('why each figure that is null is'),
};

export const errorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  advice: z.string(),
});

export const healthSchema = z.strictObject({
  status: z.string(),
  version: z.string(),
  warnings: z
    .array(z.string())
    .describe(
      'what a person must see to before it stops the federation: certificates that end soon',
    ),
});

export const submissionSchema = z.strictObject({
  job: jobSchema,
  /** Of safetensors bytes that were uploaded before. */
  modelSha256: sha256,
  startedFrom: startedFromSchema
    .optional()
    .describe('where that model is from, if it is not untrained; a job’s is checked to be its own'),
});

export const jobCheckSchema = z.strictObject({ job: jobSchema });

export const submissionForecastSchema = z.strictObject({
  sites: z
    .array(
      z.strictObject({
        site: z.string(),
        figures: z
          .enum(FIGURES_OUTLOOKS)
          .nullable()
          .describe('what it said of them at the last gate that it passed; null where at none'),
      }),
    )
    .describe('those that would be invited'),
});

export const jobSummarySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  status: z.enum(['running', 'paused', 'failed', 'aborted', 'completed']),
  reason: z
    .enum([
      'gate-not-passed',
      'quorum-not-reached',
      'quarantined-below-quorum',
      'screening-failed',
      'aggregation-failed',
      'no-more-gain',
    ])
    .nullable()
    .describe('why it failed, or completed before all its rounds'),
  /** 0 is the data gate. */
  round: z.number().int(),
  totalRounds: z.number().int(),
  submittedAtMs: timeMs,
});

const siteCellSchema = z.strictObject({
  site: z.string(),
  ...figures,
  weight: z.number().nullable(),
});

const modelRowSchema = z.strictObject({
  round: z.number().int().describe('0 is the model that the job began with'),
  modelSha256: sha256,
  sites: z.array(siteCellSchema),
  ...figures,
});

export const confirmationSchema = z.strictObject({
  name: z.string().max(200).describe('of the job, to confirm that it is meant'),
});

export const jobInvitationSchema = z.strictObject({
  site: nameSchema.describe('one that is enrolled'),
});

export const jobMemberSchema = z.strictObject({
  site: z.string(),
  standing: z.enum(STANDINGS).describe('in the job'),
});

export const deletionSchema = z.strictObject({
  id: z.string(),
  blobs: z.number().int().describe('removed now; those that just came in follow within minutes'),
  bytes: z.number().int(),
});

const verdictShape = {
  norm: z.number().nullable().describe('2-norm of the delta; null where it was not looked at'),
  cosine: z
    .number()
    .nullable()
    .describe('that most of the others’ directions agree with it by; null where that says nothing'),
  reason: z.enum(QUARANTINE_REASONS).nullable().describe('why it is left out of the average'),
  flags: z.array(z.enum(UPDATE_FLAGS)),
  by: z.string().nullable().describe('the operator who decided; null where the firewall did'),
};

/** Which update an operator means. */
export const updateNameSchema = z.strictObject({
  round: z.number().int().min(1),
  site: nameSchema,
});

const currentWorkSchema = z.strictObject({
  kind: z.enum(['check-data', 'train', 'evaluate']),
  round: z.number().int(),
  phase: z.enum([
    'pending',
    'open',
    'closing',
    'screening',
    'held',
    'aggregating',
    'committed',
    'failed',
  ]),
  deadlineAtMs: timeMs.nullable(),
  graceEndsAtMs: timeMs.nullable().describe('where enough sites have answered'),
  sites: z.array(
    z.strictObject({
      site: z.string(),
      answer: z.enum(['awaited', 'answered', 'quarantined', 'declined', 'given-up', 'not-awaited']),
      /** Why it declined. */
      reason: z.enum(GATE_OUTCOMES).nullable(),
      lastSeenAtMs: timeMs.nullable(),
      state: z.enum(SITE_STATES).nullable(),
    }),
  ),
});

const orderSchema = z.strictObject({
  order: z.string().describe('the kind of its event'),
  by: z.string().describe('the operator’s name'),
  site: z.string().optional().describe('whom it concerned'),
  atMs: timeMs,
});

/** Updates of one site that did not come into a round, for one reason. */
const refusalSchema = z.strictObject({
  site: z.string(),
  reason: z.string().describe('a refusal’s code'),
  round: z.number().int().describe('the last one in which it happened'),
  times: z.number().int(),
  firstAtMs: timeMs,
  lastAtMs: timeMs,
});

/** Orders that are shown with a job; all of them are events. */
export const MAX_ORDERS = 20;

export const jobQuerySchema = z.strictObject({
  from: z.coerce.number().int().min(0).default(0).describe('first model of the table'),
});

export const jobDetailsSchema = z.strictObject({
  ...jobSummarySchema.shape,
  jobSha256: sha256,
  bestBy: z.enum(METRIC_NAMES),
  selection: selectionSchema
    .optional()
    .describe('how the best model is chosen, and when the job ends early, where it says so'),
  /** The largest part of an average that one site may be; null where weights are not capped. */
  maxShare: z.number().nullable(),
  /** Every site that was invited, at the submission or when it enrolled later. */
  gate: z.array(
    z.strictObject({
      site: z.string(),
      outcome: z.enum(GATE_OUTCOMES).nullable(),
      standing: z.enum(STANDINGS),
      /** What it said of its figures; null where it has said nothing. */
      figures: z.enum(FIGURES_OUTLOOKS).nullable(),
      askAgainAtMs: timeMs.nullable(),
      lacks: z
        .array(z.enum(CAPABILITIES))
        .optional()
        .describe('of what the job needs, where the site is not asked for it'),
    }),
  ),
  startedFrom: startedFromSchema.optional().describe('where its first model is not untrained'),
  rounds: z.array(modelRowSchema),
  nextRound: z
    .number()
    .int()
    .nullable()
    .describe('where the table goes on, by `from`; null where this is its end'),
  orders: z.array(orderSchema).describe('the last ones, in order'),
  refused: z.array(refusalSchema).describe('updates that were turned away, by site and reason'),
  best: z.strictObject({ round: z.number().int(), sha256 }).nullable(),
  current: currentWorkSchema.nullable(),
  /** Updates that were left out, flagged, or decided about by an operator; by round, then site. */
  verdicts: z
    .array(z.strictObject({ round: z.number().int(), site: z.string(), ...verdictShape }))
    .default([]),
});

const envelopeSchema = z
  .looseObject({ payload: z.string(), payloadType: z.string() })
  .describe('a DSSE envelope in its JSON form');

export const updateQuerySchema = z.strictObject({ round: z.coerce.number().int().min(1) });

export const updateSchema = z.strictObject({
  round: z.number().int(),
  site: z.string(),
  statementSha256: sha256,
  deltaSha256: sha256.nullable(),
  deltaRemovedAtMs: timeMs
    .nullable()
    .default(null)
    .describe('when the bytes went by retention; statement and receipt stay'),
  acceptedAtMs: timeMs,
  verdict: z.strictObject(verdictShape).optional(),
  statement: envelopeSchema,
  receipt: envelopeSchema,
});

export const inviteSchema = z.strictObject({
  site: nameSchema,
  /** Lets a site with a certificate that counts enrol anew; the old one is revoked when it does. */
  replace: z.boolean().default(false),
});

export const invitationSchema = z.strictObject({
  site: z.string(),
  federation: z.string(),
  token: z.string(),
  expiresAtMs: timeMs,
  enrollmentAddress: z.string(),
  federationAddress: z.string(),
  caCertificatePem: z.string(),
});

export const siteSchema = z.strictObject({
  site: z.string(),
  standing: z
    .enum(['invited', 'invitation-ended', 'enrolled', 'revoked'])
    .describe('of its certificate, or of its invitation where it has none'),
  enrolledAtMs: timeMs.nullable(),
  certificateEndsAtMs: timeMs.nullable(),
  invitationEndsAtMs: timeMs.nullable().describe('of an invitation that nobody has used yet'),
  revoked: z.boolean(),
  lastSeenAtMs: timeMs.nullable().describe('also before the coordinator was last started'),
  away: z.boolean().describe('not heard of for so long that it will not be at work'),
  state: z.enum(SITE_STATES).nullable().describe('null while it is away'),
  sharedAtMs: timeMs.nullable().describe('when two agents last spoke as this site'),
});

export const operatorSchema = z.strictObject({
  name: z.string(),
  role: z.enum(OPERATING_ROLES).describe('an operator gives orders, an observer reads'),
  standing: z
    .enum(['counts', 'ended', 'revoked'])
    .describe('of the certificate that lasts longest'),
  knownSinceMs: timeMs,
  certificateEndsAtMs: timeMs,
  lastSeenAtMs: timeMs.nullable().describe('since the coordinator was last started'),
});

export const admissionSchema = z.strictObject({
  name: nameSchema,
  role: z.enum(OPERATING_ROLES),
  certificateRequestPem: z.string().max(32_768).describe('PKCS #10; its names are not looked at'),
});

export const operatorCertificateSchema = z.strictObject({
  certificatePem: z.string(),
  caCertificatePem: z.string(),
});

/** Longest that a request for events is held open. */
export const MAX_EVENT_WAIT_MS = 25_000;
export const MAX_EVENTS = 500;
/** Of the events of one answer, but for a first one that is longer. */
export const MAX_EVENT_BYTES = 256 * 1024;

export const eventQuerySchema = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('sequence of the last event known'),
  waitMs: z.coerce.number().int().min(0).max(MAX_EVENT_WAIT_MS).default(0),
  before: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('the last events below this sequence instead, without waiting'),
  job: z.string().max(200).optional().describe('only events of this job'),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS).default(MAX_EVENTS),
});

export const eventSchema = z.strictObject({
  sequence: z.number().int(),
  jobId: z.string(),
  atMs: timeMs,
  /** Closed by its type; documented in the code beside the machine that makes it. */
  fact: z.custom<JobFact>((value) => typeof value === 'object' && value !== null),
});

export type CoordinatorHealth = z.output<typeof healthSchema>;
export type JobSummary = z.output<typeof jobSummarySchema>;
export type SubmissionForecast = z.output<typeof submissionForecastSchema>;
export type JobDetails = z.output<typeof jobDetailsSchema>;
export type CurrentWork = z.output<typeof currentWorkSchema>;
export type JobMember = z.output<typeof jobMemberSchema>;
export type JobDeletion = z.output<typeof deletionSchema>;
export type AcceptedUpdate = z.output<typeof updateSchema>;
export type IssuedInvitation = z.output<typeof invitationSchema>;
export type SiteStatus = z.output<typeof siteSchema>;
export type OperatorStatus = z.output<typeof operatorSchema>;
export type OperatorAdmission = z.output<typeof admissionSchema>;
export type OperatorCertificates = z.output<typeof operatorCertificateSchema>;
export type CoordinatorEvent = z.output<typeof eventSchema>;
