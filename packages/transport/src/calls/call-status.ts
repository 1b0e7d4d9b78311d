import type { FedvoxError } from '@fedvox/base';
import {
  type MethodName,
  namedRefusal,
  type RefusalStatus,
  refusalCode,
  refusalEntry,
} from '@fedvox/protocol';
import { fail } from '../errors.js';

/** How a call can end, in the names of gRPC's status codes, whatever carries it. */
export type StatusName =
  | RefusalStatus
  | 'CANCELLED'
  | 'DEADLINE_EXCEEDED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNIMPLEMENTED'
  | 'UNKNOWN';

/** What travels back of a call that got no answer, and all that does. */
export interface CallStatus {
  readonly code: StatusName;
  readonly details: string;
  /** The bare code of the refusal, where it is one. */
  readonly refusal?: string;
}

/** A call that got no answer, on the side that was to give one. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';

  constructor(readonly status: CallStatus) {
    super(`${status.code}: ${status.details}`);
  }
}

/**
 * What a failed handler tells the caller: a refusal by name, anything else as "internal" and nothing
 * more, since its text may hold what must not leave this host.
 */
export function statusOf(error: unknown): CallStatus {
  const refusal = refusalCode(error);
  const entry = refusal === undefined ? undefined : refusalEntry(refusal);
  if (refusal === undefined || entry === undefined) {
    return { code: 'INTERNAL', details: 'internal error' };
  }
  return { code: entry.status, details: (error as FedvoxError).message, refusal };
}

/** The error of a call that ended so, for who made it; `cause` is what brought the status. */
export function errorOf(
  { code, details, refusal }: CallStatus,
  { address, method }: { readonly address: string; readonly method: MethodName },
  cause: unknown,
): FedvoxError {
  if (refusal !== undefined) return namedRefusal(refusal, details, cause);
  switch (code) {
    case 'UNAVAILABLE':
      return fail('connection-lost', { address, reason: details }, { cause });
    case 'DEADLINE_EXCEEDED':
      return fail('call-timed-out', { address, method }, { cause });
    case 'CANCELLED':
      return fail('call-cancelled', { method }, { cause });
    case 'UNIMPLEMENTED':
      return fail('coordinator-incompatible', { address, method }, { cause });
    default:
      return fail('coordinator-failed', { address, method }, { cause });
  }
}
