import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import type { CallStatus, StatusName } from '../calls/call-status.js';

/** Trailing metadata that names the refusal. */
export const REFUSAL_TRAILER = 'fedvox-refusal';

/** A status as gRPC's server sends it. */
export function statusToGrpc({ code, details, refusal }: CallStatus): StatusObject {
  const metadata = new Metadata();
  if (refusal !== undefined) metadata.set(REFUSAL_TRAILER, refusal);
  return { code: status[code], details, metadata };
}

/** A status as gRPC's client received it. */
export function statusFromGrpc({ code, details, metadata }: ServiceError): CallStatus {
  const refusal = metadata?.get(REFUSAL_TRAILER)[0];
  return {
    code: status[code] as StatusName,
    details,
    ...(typeof refusal === 'string' && { refusal }),
  };
}
