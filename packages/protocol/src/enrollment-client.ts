import { makeGenericClientConstructor } from '@grpc/grpc-js';
import { Caller } from './caller.js';
import { secureChannel } from './channel.js';
import { type EgressObserver, observeEgress } from './egress.js';
import {
  type EnrollmentServiceClient,
  EnrollmentServiceService,
} from './generated/fedvox/v1/enrollment.js';

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
  const channel = secureChannel({ address, federation, caPem });
  const definition = observeEgress(EnrollmentServiceService, onSent);
  const Stub = makeGenericClientConstructor(definition, 'fedvox.v1.EnrollmentService');
  const stub = new Stub(
    address,
    channel.credentials,
    channel.options,
  ) as unknown as EnrollmentServiceClient;
  try {
    return await new Caller(channel).unary(
      'enroll',
      stub.enroll.bind(stub),
      { token, certificateRequest: Buffer.from(certificateRequest) },
      ({ certificateChain }) => certificateChain,
      signal,
    );
  } finally {
    stub.close();
  }
}
