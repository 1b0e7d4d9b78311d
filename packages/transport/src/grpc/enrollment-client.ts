import { type EgressObserver, ENROLLMENT } from '@fedvox/protocol';
import { secureChannel } from './channel.js';
import { GrpcTransport } from './grpc-transport.js';

export interface EnrollmentOptions {
  /** `host:port` of the invitation. */
  readonly address: string;
  readonly federation: string;
  /** The root that came with the invitation: the only thing that vouches for the server. */
  readonly caPem: string;
  readonly token: string;
  /** PKCS #10 in DER. The key it is about stays here. */
  readonly certificateRequest: Uint8Array;
  readonly onSent: EgressObserver;
  readonly signal?: AbortSignal;
}

/**
 * Exchanges an invitation's token for a certificate chain (DER, the site's own first). Repeating it
 * with the same key gives the same certificate, so a lost answer costs nothing.
 * @throws FedvoxError `refused/token-invalid`, `refused/token-expired`, `refused/token-used`,
 *   `refused/request-invalid`, `protocol/…`
 */
export async function enroll(options: EnrollmentOptions): Promise<readonly Uint8Array[]> {
  const { address, federation, caPem, token, certificateRequest, onSent, signal } = options;
  const transport = new GrpcTransport(secureChannel({ address, federation, caPem }), onSent);
  const request = { token, certificateRequest: Buffer.from(certificateRequest) };
  try {
    return (await transport.unary(ENROLLMENT.enroll, request, signal)).certificateChain;
  } finally {
    transport.close();
  }
}
