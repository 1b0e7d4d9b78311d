import type { EgressObserver } from '@fedvox/protocol';
import { type EnrollmentRequest, enrollOver } from '../calls/enrollment-service.js';
import { secureChannel } from './channel.js';
import { GrpcTransport } from './grpc-transport.js';

export interface EnrollmentOptions extends EnrollmentRequest {
  /** `host:port` of the invitation. */
  readonly address: string;
  readonly federation: string;
  /** The root that came with the invitation: the only thing that vouches for the server. */
  readonly caPem: string;
  readonly onSent: EgressObserver;
}

/**
 * Exchanges an invitation's token for a certificate chain (DER, the site's own first). Repeating it
 * with the same key gives the same certificate, so a lost answer costs nothing.
 * @throws FedvoxError `refused/token-invalid`, `refused/token-expired`, `refused/token-used`,
 *   `refused/request-invalid`, `protocol/…`
 */
export function enroll(options: EnrollmentOptions): Promise<readonly Uint8Array[]> {
  const { address, federation, caPem, onSent } = options;
  const channel = secureChannel({ address, federation, caPem });
  return enrollOver(new GrpcTransport(channel, onSent), options);
}
