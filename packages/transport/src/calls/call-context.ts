import type { FedvoxError } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import type { MethodName } from '@fedvox/protocol';

/** What a handler knows of its call besides the request. */
export interface CallContext<Caller> {
  readonly caller: Caller;
  /** Tells one connection from another: the far end of it, as `address:port`. */
  readonly connection: string;
  /** Aborts when the caller hangs up or its deadline passes. */
  readonly signal: AbortSignal;
}

/** A call of an authenticated site; `caller` is what its certificate says. */
export type SiteCall = CallContext<CertificateInfo>;

/** What a server has to tell its log and its metrics. */
export type ServerEvent =
  /** A handler judged a call and refused it. `caller` is absent where nobody was authenticated. */
  | {
      readonly kind: 'call-refused';
      readonly method: MethodName;
      readonly caller: string | undefined;
      readonly error: FedvoxError;
    }
  /** A handler broke: a bug or a full disk, never the caller's doing. */
  | {
      readonly kind: 'call-failed';
      readonly method: MethodName;
      readonly caller: string | undefined;
      readonly error: unknown;
    }
  /** A connection was turned away in its TLS handshake. */
  | { readonly kind: 'connection-refused'; readonly error: FedvoxError };
