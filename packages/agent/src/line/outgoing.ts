import { SHA256_PATTERN } from '@fedvox/base';
import { dataSummarySchema } from '@fedvox/job';
import {
  CAPABILITIES,
  decodeUpdateStatement,
  FIGURES_OUTLOOKS,
  GATE_OUTCOMES,
  JOB_ID_PATTERN,
  type MethodName,
  SITE_STATES,
  UPDATE_PAYLOAD_TYPES,
} from '@fedvox/protocol';
import { z } from 'zod';
import { fail } from '../errors.js';
import type { Subject } from '../ledger/ledger-entry.js';

/**
 * **Invariant 1, closed-world egress: everything a site can send is in this file.** Enums, digests,
 * numbers, ids that the coordinator itself gave, and what the site signed. No member takes free text.
 * The types hold the code to it; `checkSendable` holds the running program to it.
 */
const digest = z.string().regex(SHA256_PATTERN);
const job = z.string().regex(JOB_ID_PATTERN);
const round = z.number().int().min(0).max(0xffff_ffff);

/** A request is under 2 KiB. */
const MAX_CERTIFICATE_REQUEST_BYTES = 16 * 1024;
/** RSA-4096 signs in 512 bytes. */
const MAX_SIGNATURE_BYTES = 512;
const bytes = (max: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= max,
    `must be at most ${max} bytes`,
  );

const envelope = z.strictObject({
  payload: z.custom<Uint8Array>(isStatement, 'must be the canonical bytes of a statement'),
  payloadType: z
    .string()
    .refine((type): boolean => UPDATE_PAYLOAD_TYPES.includes(type), 'must be an update'),
  signatures: z
    .array(z.strictObject({ keyid: digest, sig: bytes(MAX_SIGNATURE_BYTES) }))
    .length(1)
    .readonly(),
});

const outgoingSchema = z.discriminatedUnion('kind', [
  /** At enrolment: the one-time token that the invitation holds, and the request for a certificate. */
  z.strictObject({
    kind: z.literal('enrolment'),
    token: z.string().regex(/^[\w-]{1,256}$/),
    request: bytes(MAX_CERTIFICATE_REQUEST_BYTES),
  }),
  z.strictObject({
    kind: z.literal('renewal'),
    request: bytes(MAX_CERTIFICATE_REQUEST_BYTES),
  }),
  z.strictObject({ kind: z.literal('hello'), capabilities: z.array(z.enum(CAPABILITIES)) }),
  z.strictObject({ kind: z.literal('next-task'), state: z.enum(SITE_STATES) }),
  z.strictObject({ kind: z.literal('heartbeat'), job, round, state: z.enum(SITE_STATES) }),
  /** Asks for bytes by their digest and an offset. */
  z.strictObject({ kind: z.literal('download'), job, round, digest }),
  z.strictObject({
    kind: z.literal('gate'),
    job,
    outcome: z.enum(GATE_OUTCOMES),
    figures: z.enum(FIGURES_OUTLOOKS).nullable(),
    /** Numbers of all cases together, where policy lets them be told. */
    summary: dataSummarySchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('decline'),
    job,
    round,
    reason: z.enum(GATE_OUTCOMES).exclude(['pass']),
  }),
  z.strictObject({ kind: z.literal('statement'), statement: digest, job, round, envelope }),
  /** The bytes of a delta, whose digest the site signed. */
  z.strictObject({ kind: z.literal('delta'), statement: digest, job, round, digest }),
  z.strictObject({ kind: z.literal('end-of-upload'), statement: digest, job, round }),
  z.strictObject({ kind: z.literal('receipt-request'), statement: digest, job, round }),
]);

export type Outgoing = Readonly<z.output<typeof outgoingSchema>>;

/** The one call of the wire that carries each. */
export const METHOD_OF = {
  enrolment: 'enroll',
  renewal: 'renewCertificate',
  hello: 'hello',
  'next-task': 'nextTask',
  heartbeat: 'heartbeat',
  download: 'download',
  gate: 'reportGate',
  decline: 'decline',
  statement: 'beginUpload',
  delta: 'upload',
  'end-of-upload': 'submit',
  'receipt-request': 'getReceipt',
} as const satisfies Readonly<Record<Outgoing['kind'], MethodName>>;

/**
 * Asserts that a message is on the closed list, whatever the types were told.
 * @throws FedvoxError `agent/not-sendable`
 */
export function checkSendable(message: Outgoing): void {
  const parsed = outgoingSchema.safeParse(message);
  if (parsed.success) return;
  const issue = parsed.error.issues[0];
  // The value itself stays out of the text: it may be the very thing that must not spread.
  const place = issue?.path.join('.') || '(whole message)';
  throw fail('not-sendable', { problem: `${place} ${issue?.message}` }, { cause: parsed.error });
}

/** What the ledger says a message was about. */
export function subjectOf(message: Outgoing): Subject {
  return {
    job: 'job' in message ? message.job : null,
    round: 'round' in message ? message.round : null,
    digest:
      'digest' in message ? message.digest : 'statement' in message ? message.statement : null,
  };
}

function isStatement(payload: unknown): boolean {
  if (!(payload instanceof Uint8Array)) return false;
  try {
    const statement = decodeUpdateStatement(payload);
    // What the later versions could say beside local steps and the encoding is not for a site to tell.
    return statement.kind === 'fedvox/update/v1' || statement.companions.length === 0;
  } catch {
    return false;
  }
}
