import { NAME_PATTERN, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { ENCODING_KINDS, type EncodingKind, type Figures } from '@fedvox/job';
import { z } from 'zod';

export const WEIGHT_SOURCES = ['examples', 'declared', 'uniform'] as const;
export type WeightSource = (typeof WEIGHT_SOURCES)[number];

/** What a site signs about one update, binding it to what it is for. Figures describe the base model. */
export interface UpdateStatement {
  readonly kind: 'fedvox/update/v1';
  readonly federation: string;
  /** The job's id. */
  readonly job: string;
  /** Digest of the job's canonical bytes. */
  readonly jobDigest: Sha256;
  readonly round: number;
  readonly site: string;
  readonly baseModel: Sha256;
  /** Null where only figures are reported. */
  readonly delta: { readonly sha256: Sha256; readonly byteLength: number } | null;
  /** The FedAvg weight, and what the site's policy takes it from. */
  readonly weight: { readonly value: number; readonly source: WeightSource };
  readonly figures: Figures;
  /** Higher in each statement of a site than in the one before. */
  readonly counter: number;
}

/** Tensor files that a strategy may ask for beside the delta, named for what they hold. */
export const TENSOR_ROLES = [
  /** Of SCAFFOLD: Karimireddy et al., ICML 2020. */
  'control-variate',
  /** Of Mime: the gradient of all local data; Karimireddy et al., NeurIPS 2021. */
  'full-gradient',
] as const;
export type TensorRole = (typeof TENSOR_ROLES)[number];

/**
 * The second version of an update: it may bring tensor files beside its delta and say how many steps made
 * it. Sites sign the first one wherever the job's strategy asks for no more: what a site sends stays as
 * little as it can be.
 */
export interface UpdateStatementV2 extends Omit<UpdateStatement, 'kind'> {
  readonly kind: 'fedvox/update/v2';
  /** Each role once, in the order of their names. */
  readonly companions: readonly {
    readonly role: TensorRole;
    readonly sha256: Sha256;
    readonly byteLength: number;
  }[];
  /** Steps of the optimizer that made the delta; null where the site does not say. */
  readonly localSteps: number | null;
}

/**
 * The third version of an update: it says how its delta is encoded, so that its bytes are read in no other
 * way than they were signed for. Sites sign it where their job asks for another encoding than float32.
 */
export interface UpdateStatementV3 extends Omit<UpdateStatementV2, 'kind' | 'delta'> {
  readonly kind: 'fedvox/update/v3';
  readonly delta: NonNullable<UpdateStatement['delta']> & { readonly encoding: EncodingKind };
}

/** An update of any version that is read here. */
export type AnyUpdateStatement = UpdateStatement | UpdateStatementV2 | UpdateStatementV3;

/** What the coordinator signs once an update's bytes and its row are durable. */
export interface ReceiptStatement {
  readonly kind: 'fedvox/receipt/v1';
  readonly federation: string;
  /** Digest of the accepted statement's payload. */
  readonly statement: Sha256;
  readonly job: string;
  readonly round: number;
  readonly site: string;
  readonly acceptedAtMs: number;
}

/** The second version of a receipt: it says where the coordinator's log has the statement. */
export interface ReceiptStatementV2 extends Omit<ReceiptStatement, 'kind'> {
  readonly kind: 'fedvox/receipt/v2';
  /** From 0; null where the coordinator keeps no log. */
  readonly ledgerIndex: number | null;
}

/** A receipt of any version that is read here. */
export type AnyReceiptStatement = ReceiptStatement | ReceiptStatementV2;

/** Ids of jobs: made by the coordinator from a name and a random part. */
export const JOB_ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,126}$/;

const digest = z.string().regex(SHA256_PATTERN, 'must be a SHA-256 in lower-case hexadecimal');
const name = z.string().regex(NAME_PATTERN, 'must be a name');
const jobId = z.string().regex(JOB_ID_PATTERN, 'must be a job id');
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const round = z.number().int().min(0).max(0xffff_ffff);
// z.number() takes finite numbers only. Ranges that have a refusal of their own are the verifier's.
const figure = z.number().nullable();

const deltaSchema = z.strictObject({ sha256: digest, byteLength: count });

const updateSchema = z.strictObject({
  kind: z.literal('fedvox/update/v1'),
  federation: name,
  job: jobId,
  jobDigest: digest,
  round,
  site: name,
  baseModel: digest,
  delta: deltaSchema.nullable(),
  weight: z.strictObject({ value: z.number(), source: z.enum(WEIGHT_SOURCES) }),
  // Spelled out: what a site signs is closed. A metric that joins comes with a version that has it.
  figures: z.strictObject({ dice: figure, auc: figure }),
  counter: count,
});

const companion = z.strictObject({
  role: z.enum(TENSOR_ROLES),
  sha256: digest,
  byteLength: count,
});

const updateSchemaV2 = updateSchema.extend({
  kind: z.literal('fedvox/update/v2'),
  companions: z
    .array(companion)
    .refine(
      (files) => files.every(({ role }, at) => at === 0 || files[at - 1]!.role < role),
      'must be in the order of their roles, each once',
    ),
  localSteps: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
});

const updateSchemaV3 = updateSchemaV2.extend({
  kind: z.literal('fedvox/update/v3'),
  delta: deltaSchema.extend({ encoding: z.enum(ENCODING_KINDS) }),
});

const receiptSchema = z.strictObject({
  kind: z.literal('fedvox/receipt/v1'),
  federation: name,
  statement: digest,
  job: jobId,
  round,
  site: name,
  acceptedAtMs: count,
});

const receiptSchemaV2 = receiptSchema.extend({
  kind: z.literal('fedvox/receipt/v2'),
  ledgerIndex: count.nullable(),
});

export const anyUpdateSchema: z.ZodType<AnyUpdateStatement> = z.discriminatedUnion('kind', [
  updateSchema,
  updateSchemaV2,
  updateSchemaV3,
]);
export const anyReceiptSchema: z.ZodType<AnyReceiptStatement> = z.discriminatedUnion('kind', [
  receiptSchema,
  receiptSchemaV2,
]);
