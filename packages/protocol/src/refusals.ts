import { defineErrors, FedvoxError, isFedvoxError } from '@fedvox/base';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { REFUSALS, type RefusalCode, type RefusalEntry } from './refusal-table.js';

/** Trailing metadata that names the refusal. */
export const REFUSAL_TRAILER = 'fedvox-refusal';
const CODE_PREFIX = 'refused/';

/** The error of one refusal: throw it from a handler and the caller is told by name. */
export const refuse = defineErrors('refused', REFUSALS);

/** Whether an error is a refusal, of one code if it is given; on either side of the wire. */
export function isRefusal(error: unknown, code?: RefusalCode): error is FedvoxError {
  if (!isFedvoxError(error)) return false;
  return code === undefined
    ? error.code.startsWith(CODE_PREFIX)
    : error.code === `${CODE_PREFIX}${code}`;
}

/** The bare code of a refusal, for metrics and switches; undefined for any other error. */
export function refusalCode(error: unknown): string | undefined {
  return isRefusal(error) ? error.code.slice(CODE_PREFIX.length) : undefined;
}

/**
 * What a failed handler tells the caller: a refusal by name, anything else as "internal" and nothing
 * more, since its text may hold what must not leave this host.
 */
export function refusalToStatus(error: unknown): StatusObject {
  const metadata = new Metadata();
  const code = refusalCode(error);
  const entry = code === undefined ? undefined : refusalEntry(code);
  if (code === undefined || entry === undefined) {
    return { code: status.INTERNAL, details: 'internal error', metadata };
  }
  metadata.set(REFUSAL_TRAILER, code);
  return { code: entry.status, details: (error as FedvoxError).message, metadata };
}

/** The refusal that a failed call's trailer names, or undefined where it names none. */
export function statusToRefusal(error: ServiceError): FedvoxError | undefined {
  const code = error.metadata?.get(REFUSAL_TRAILER)[0];
  if (typeof code !== 'string') return undefined;
  const advice = refusalEntry(code)?.advice ?? 'Upgrade this side: it does not know this refusal.';
  return new FedvoxError(`${CODE_PREFIX}${code}`, error.details, advice, {}, { cause: error });
}

function refusalEntry(code: string): RefusalEntry | undefined {
  return Object.hasOwn(REFUSALS, code) ? REFUSALS[code as RefusalCode] : undefined;
}
