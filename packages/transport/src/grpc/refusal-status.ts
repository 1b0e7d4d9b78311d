import type { FedvoxError } from '@fedvox/base';
import { namedRefusal, refusalCode, refusalEntry } from '@fedvox/protocol';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

/** Trailing metadata that names the refusal. */
export const REFUSAL_TRAILER = 'fedvox-refusal';

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
  return { code: status[entry.status], details: (error as FedvoxError).message, metadata };
}

/** The refusal that a failed call's trailer names, or undefined where it names none. */
export function statusToRefusal(error: ServiceError): FedvoxError | undefined {
  const code = error.metadata?.get(REFUSAL_TRAILER)[0];
  return typeof code === 'string' ? namedRefusal(code, error.details, error) : undefined;
}
