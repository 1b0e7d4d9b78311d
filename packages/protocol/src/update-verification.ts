import type { KeyObject } from 'node:crypto';
import { isFedvoxError, type Sha256 } from '@fedvox/base';
import { METRIC_NAMES, METRICS } from '@fedvox/job';
import type { Envelope } from './dsse.js';
import { refuse } from './refusals.js';
import type { AnyUpdateStatement } from './statement-schemas.js';
import { MAX_SIGNATURE_BYTES, openUpdate, statementDigest } from './statements.js';

/** More examples than any hospital has; beyond it, one site would simply be the average. */
export const MAX_WEIGHT = 1e9;

/** Who must have signed: as much of a site's certificate as a statement is held to. */
export interface Signer {
  readonly identity: { readonly federation: string; readonly name: string };
  readonly keyId: Sha256;
  readonly publicKey: KeyObject;
}

/** A statement whose signature, sender and ranges hold; what it says of the job is not checked yet. */
export interface VerifiedUpdate {
  readonly statement: AnyUpdateStatement;
  readonly digest: Sha256;
  readonly payload: Uint8Array;
}

/**
 * The first half of what the coordinator checks, needing nothing but the caller's certificate. The
 * second half (job, round, base model, counter) needs the store.
 * @throws FedvoxError `refused/bad-signature`, `refused/wrong-site`, `refused/wrong-federation`,
 *   `refused/weight-out-of-range`, `refused/figures-out-of-range`, `refused/request-invalid`
 */
export function verifyUpdate(envelope: Envelope, site: Signer): VerifiedUpdate {
  checkSignatures(envelope, site);
  const statement = open(envelope, site);
  const { federation, name } = site.identity;
  if (statement.federation !== federation) throw refuse('wrong-federation');
  if (statement.site !== name) {
    throw refuse('wrong-site', { certificate: name, statement: statement.site });
  }
  checkRanges(statement);
  const { payload } = envelope;
  return { statement, digest: statementDigest(payload), payload };
}

/**
 * One signature, said to be of this certificate's key: a key id is only a hint when a signature is
 * looked for, but an accepted envelope is kept, and nothing is kept that nobody has verified.
 */
function checkSignatures({ signatures }: Envelope, site: Signer): void {
  const [signature] = signatures;
  if (signature === undefined || signatures.length > 1) {
    const reason = `${signatures.length} signatures instead of one`;
    throw refuse('request-invalid', { reason });
  }
  if (signature.sig.byteLength > MAX_SIGNATURE_BYTES) {
    throw refuse('request-invalid', { reason: `a signature of ${signature.sig.byteLength} bytes` });
  }
  // Also where the site's certificate, and with it the key, was renewed: the agent signs again.
  if (signature.keyid !== site.keyId) throw refuse('bad-signature');
}

function open(envelope: Envelope, site: Signer): AnyUpdateStatement {
  try {
    return openUpdate(envelope, site.publicKey);
  } catch (error) {
    if (isFedvoxError(error, 'protocol/signature-invalid')) throw refuse('bad-signature');
    if (isFedvoxError(error)) throw refuse('request-invalid', { reason: error.message });
    throw error;
  }
}

function checkRanges({ weight: { value, source }, figures }: AnyUpdateStatement): void {
  if (!(value > 0 && value <= MAX_WEIGHT)) {
    throw refuse('weight-out-of-range', { reason: `${value} is not in (0, ${MAX_WEIGHT}]` });
  }
  if (source === 'uniform' && value !== 1) {
    throw refuse('weight-out-of-range', { reason: `a uniform weight is 1, not ${value}` });
  }
  if (source === 'examples' && !Number.isInteger(value)) {
    throw refuse('weight-out-of-range', { reason: `${value} is no number of examples` });
  }
  for (const metric of METRIC_NAMES) {
    const reported = figures[metric];
    const [min, max] = METRICS[metric].range;
    if (reported !== null && !(reported >= min && reported <= max)) {
      throw refuse('figures-out-of-range', { figure: `${metric} = ${reported}`, min, max });
    }
  }
}
