import type { KeyObject } from 'node:crypto';
import {
  canonicalJson,
  type FedvoxError,
  NAME_PATTERN,
  SHA256_PATTERN,
  type Sha256,
  sha256,
} from '@fedvox/base';
import type { Figures } from '@fedvox/job';
import { z } from 'zod';
import { type Envelope, signEnvelope, verifyEnvelope } from './dsse.js';
import { fail } from './errors.js';

export const UPDATE_PAYLOAD_TYPE = 'application/vnd.fedvox.update.v1+json';
export const RECEIPT_PAYLOAD_TYPE = 'application/vnd.fedvox.receipt.v1+json';

/** RSA-4096 makes the longest one here. */
export const MAX_SIGNATURE_BYTES = 512;
/** A statement is under 1 KiB. */
export const MAX_STATEMENT_BYTES = 16 * 1024;

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

/** Ids of jobs: made by the coordinator from a name and a random part. */
export const JOB_ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,126}$/;

const digest = z.string().regex(SHA256_PATTERN, 'must be a SHA-256 in lower-case hexadecimal');
const name = z.string().regex(NAME_PATTERN, 'must be a name');
const jobId = z.string().regex(JOB_ID_PATTERN, 'must be a job id');
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const round = z.number().int().min(0).max(0xffff_ffff);
// z.number() takes finite numbers only. Ranges that have a refusal of their own are the verifier's.
const figure = z.number().nullable();

const updateSchema = z.strictObject({
  kind: z.literal('fedvox/update/v1'),
  federation: name,
  job: jobId,
  jobDigest: digest,
  round,
  site: name,
  baseModel: digest,
  delta: z.strictObject({ sha256: digest, byteLength: count }).nullable(),
  weight: z.strictObject({ value: z.number(), source: z.enum(WEIGHT_SOURCES) }),
  figures: z.strictObject({ dice: figure, auc: figure }),
  counter: count,
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

/** The canonical bytes of a statement: what is signed, digested and sent. */
export function encodeStatement(statement: UpdateStatement | ReceiptStatement): Uint8Array {
  return Buffer.from(canonicalJson(statement), 'utf8');
}

/** @throws FedvoxError `protocol/statement-malformed` */
export function decodeUpdateStatement(payload: Uint8Array): UpdateStatement {
  return decode(payload, updateSchema);
}

/** @throws FedvoxError `protocol/statement-malformed` */
export function decodeReceiptStatement(payload: Uint8Array): ReceiptStatement {
  return decode(payload, receiptSchema);
}

/** Names a statement everywhere: SHA-256 of its payload bytes. */
export function statementDigest(payload: Uint8Array): Sha256 {
  return sha256(payload);
}

export function signUpdate(statement: UpdateStatement, key: KeyObject, keyid: Sha256): Envelope {
  return signEnvelope(UPDATE_PAYLOAD_TYPE, encodeStatement(statement), key, keyid);
}

export function signReceipt(receipt: ReceiptStatement, key: KeyObject, keyid: Sha256): Envelope {
  return signEnvelope(RECEIPT_PAYLOAD_TYPE, encodeStatement(receipt), key, keyid);
}

/**
 * Checks that a receipt is the coordinator's and covers this very statement.
 * @param updatePayload the statement's bytes as they were sent
 * @throws FedvoxError `protocol/signature-invalid`, `protocol/payload-type-wrong`,
 *   `protocol/statement-malformed`, `protocol/receipt-mismatch`
 */
export function verifyReceipt(
  envelope: Envelope,
  coordinatorKey: KeyObject,
  updatePayload: Uint8Array,
): ReceiptStatement {
  const receipt = decodeReceiptStatement(
    verifyEnvelope(envelope, coordinatorKey, RECEIPT_PAYLOAD_TYPE),
  );
  if (receipt.statement !== statementDigest(updatePayload)) {
    throw fail('receipt-mismatch', { field: 'statement' });
  }
  const update = decodeUpdateStatement(updatePayload);
  for (const field of ['federation', 'job', 'round', 'site'] as const) {
    if (receipt[field] !== update[field]) throw fail('receipt-mismatch', { field });
  }
  return receipt;
}

/** Strict, bounded, and canonical: bytes that another encoder would write differently are refused. */
function decode<T>(payload: Uint8Array, schema: z.ZodType<T>): T {
  if (payload.byteLength > MAX_STATEMENT_BYTES) {
    throw malformed(`${payload.byteLength} bytes are too many`);
  }
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw malformed(issues.join('; '), parsed.error);
  }
  if (canonicalJson(parsed.data) !== text) throw malformed('its JSON is not canonical');
  return parsed.data;
}

function malformed(reason: string, cause?: unknown): FedvoxError {
  return fail('statement-malformed', { reason }, { cause });
}
