import type { KeyObject } from 'node:crypto';
import { canonicalJson, type FedvoxError, type Sha256, sha256 } from '@fedvox/base';
import type { z } from 'zod';
import { type Envelope, signEnvelope, verifyEnvelope } from './dsse.js';
import { fail } from './errors.js';
import {
  type AnyReceiptStatement,
  type AnyUpdateStatement,
  anyReceiptSchema,
  anyUpdateSchema,
} from './statement-schemas.js';

type AnyStatement = AnyUpdateStatement | AnyReceiptStatement;

/** Statements of one kind in every version that is read here. */
interface Family<T extends AnyStatement> {
  readonly name: 'update' | 'receipt';
  readonly newest: number;
  readonly schema: z.ZodType<T>;
}
const UPDATES: Family<AnyUpdateStatement> = {
  ...{ name: 'update', newest: 3 },
  schema: anyUpdateSchema,
};
const RECEIPTS: Family<AnyReceiptStatement> = {
  ...{ name: 'receipt', newest: 2 },
  schema: anyReceiptSchema,
};

const payloadTypeOf = (name: Family<AnyStatement>['name'], version: number) =>
  `application/vnd.fedvox.${name}.v${version}+json`;

/** Of what sites sign, in every version. */
export const UPDATE_PAYLOAD_TYPES: readonly string[] = [1, 2, 3].map((version) =>
  payloadTypeOf('update', version),
);
/** Of what sites and coordinators sign where nothing more is asked for. */
export const UPDATE_PAYLOAD_TYPE = payloadTypeOf('update', 1);
export const RECEIPT_PAYLOAD_TYPE = payloadTypeOf('receipt', 1);

/** RSA-4096 makes the longest one here. */
export const MAX_SIGNATURE_BYTES = 512;
/** A statement is under 1 KiB. */
export const MAX_STATEMENT_BYTES = 16 * 1024;

/** The canonical bytes of a statement: what is signed, digested and sent. */
export function encodeStatement(statement: AnyStatement): Uint8Array {
  return Buffer.from(canonicalJson(statement), 'utf8');
}

/** @throws FedvoxError `protocol/statement-malformed`, `protocol/statement-too-new` */
export function decodeUpdateStatement(payload: Uint8Array): AnyUpdateStatement {
  return decode(payload, UPDATES);
}

/** @throws FedvoxError `protocol/statement-malformed`, `protocol/statement-too-new` */
export function decodeReceiptStatement(payload: Uint8Array): AnyReceiptStatement {
  return decode(payload, RECEIPTS);
}

/** Names a statement everywhere: SHA-256 of its payload bytes. */
export function statementDigest(payload: Uint8Array): Sha256 {
  return sha256(payload);
}

export function signUpdate(statement: AnyUpdateStatement, key: KeyObject, keyid: Sha256): Envelope {
  return sign(statement, UPDATES, key, keyid);
}

export function signReceipt(receipt: AnyReceiptStatement, key: KeyObject, keyid: Sha256): Envelope {
  return sign(receipt, RECEIPTS, key, keyid);
}

function sign<T extends AnyStatement>(
  statement: T,
  { name }: Family<T>,
  key: KeyObject,
  keyid: Sha256,
): Envelope {
  const type = payloadTypeOf(name, versionIn(statement.kind, name));
  return signEnvelope(type, encodeStatement(statement), key, keyid);
}

/**
 * The update in an envelope, of whatever version is read here, once its signature holds for this key.
 * @throws FedvoxError `protocol/signature-invalid`, `protocol/payload-type-wrong`,
 *   `protocol/statement-malformed`, `protocol/statement-too-new`
 */
export function openUpdate(envelope: Envelope, key: KeyObject): AnyUpdateStatement {
  return opened(envelope, key, UPDATES);
}

/**
 * Checks that a receipt is the coordinator's and covers this very statement.
 * @param updatePayload the statement's bytes as they were sent
 * @throws FedvoxError as `openUpdate` does, `protocol/receipt-mismatch`
 */
export function verifyReceipt(
  envelope: Envelope,
  coordinatorKey: KeyObject,
  updatePayload: Uint8Array,
): AnyReceiptStatement {
  const receipt = opened(envelope, coordinatorKey, RECEIPTS);
  if (receipt.statement !== statementDigest(updatePayload)) {
    throw fail('receipt-mismatch', { field: 'statement' });
  }
  const update = decodeUpdateStatement(updatePayload);
  for (const field of ['federation', 'job', 'round', 'site'] as const) {
    if (receipt[field] !== update[field]) throw fail('receipt-mismatch', { field });
  }
  return receipt;
}

/** An envelope says the version of what it holds, and the signature is over that as well. */
function opened<T extends AnyStatement>(envelope: Envelope, key: KeyObject, family: Family<T>): T {
  const { payloadType } = envelope;
  const said = versionIn(payloadType, family.name);
  refuseNewer(said, family.newest);
  const payload = verifyEnvelope(envelope, key, payloadTypeOf(family.name, said || 1));
  const statement = decode(payload, family);
  if (versionIn(statement.kind, family.name) !== said) {
    throw malformed('it is of another version than its envelope says');
  }
  return statement;
}

/** The version that a `kind` or a payload type of the family says; 1 where it is of no family. */
function versionIn(text: unknown, name: string): number {
  return Number(String(text).match(new RegExp(`\\bfedvox[./]${name}[./]v(\\d{1,9})\\b`))?.[1] ?? 1);
}

function refuseNewer(version: number, newest: number): void {
  if (version <= newest) return;
  throw fail('statement-too-new', { version, known: newest });
}

/** Strict, bounded, and canonical: bytes that another encoder would write differently are refused. */
function decode<T extends AnyStatement>(
  payload: Uint8Array,
  { name, newest, schema }: Family<T>,
): T {
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
  if (typeof json === 'object' && json !== null && 'kind' in json) {
    refuseNewer(versionIn(json.kind, name), newest);
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
