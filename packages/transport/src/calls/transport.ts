import type { CertificateInfo } from '@fedvox/pki';
import type { Method } from '@fedvox/protocol';

/**
 * Carries one site's calls to its coordinator and the answers back, as messages of the wire. Every
 * call has its deadline and can be aborted; what goes wrong is a FedvoxError: `refused/…` where the
 * coordinator judged the call, `protocol/…` where it never came to that. An aborted call throws its
 * signal's reason.
 */
export interface Transport {
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<Response>;
  /** Reads a stream of answers; leaving the loop early cancels the call. */
  serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): AsyncGenerator<Response>;
  /** Sends a stream of requests, as fast as the other side takes them, and waits for its answer. */
  clientStream<Request, Response>(
    method: Method<Request, Response>,
    requests: AsyncIterable<Request>,
    signal?: AbortSignal,
  ): Promise<Response>;
  /** The coordinator's certificate, known once a call has connected. */
  readonly coordinator: CertificateInfo | undefined;
  /** Ends the connection as soon as no call is under way; makes no more. */
  close(): void;
}
