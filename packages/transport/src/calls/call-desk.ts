import { isFedvoxError } from '@fedvox/base';
import { isRefusal, type MethodName, refuse, WireFormatError } from '@fedvox/protocol';
import type { CallContext, ServerEvent } from './call-context.js';
import { CallFailure, type CallStatus, statusOf } from './call-status.js';

/** Who makes a call, as far as what carries it can tell. */
export interface Peer {
  /** In DER, verified by what carries the call; absent where nobody showed one. */
  readonly certificate: { readonly raw: Uint8Array } | undefined;
  /** Tells one connection from another: the far end of it, as `address:port`. */
  readonly connection: string;
}

export interface CallDeskOptions<Caller> {
  /** Who is calling; throws a refusal for whoever may not. */
  readonly authenticate: (peer: Peer) => Caller;
  readonly nameOf: (caller: Caller) => string;
  readonly onEvent: (event: ServerEvent) => void;
}

/**
 * Has calls carried out by plain async functions: authenticates the caller before anything else,
 * turns what a handler throws into a named refusal, and tells everybody else only "internal error".
 */
export class CallDesk<Caller> {
  readonly #options: CallDeskOptions<Caller>;

  constructor(options: CallDeskOptions<Caller>) {
    this.#options = options;
  }

  /** Rejects with a `CallFailure`, which holds all that the caller is told. */
  async run<Result>(
    method: MethodName,
    peer: Peer,
    signal: AbortSignal,
    work: (context: CallContext<Caller>) => Promise<Result>,
  ): Promise<Result> {
    const { authenticate, nameOf } = this.#options;
    let caller: Caller | undefined;
    try {
      caller = authenticate(peer);
      return await work({ caller, connection: peer.connection, signal });
    } catch (error) {
      if (signal.aborted) throw new CallFailure({ code: 'CANCELLED', details: 'cancelled' });
      const name = caller === undefined ? undefined : nameOf(caller);
      throw new CallFailure(this.#statusOf(error, method, name));
    }
  }

  #statusOf(error: unknown, method: MethodName, caller: string | undefined): CallStatus {
    const { onEvent } = this.#options;
    const named =
      error instanceof WireFormatError
        ? refuse('request-invalid', { reason: error.message })
        : error;
    if (isFedvoxError(named) && isRefusal(named)) {
      onEvent({ kind: 'call-refused', method, caller, error: named });
    } else {
      onEvent({ kind: 'call-failed', method, caller, error });
    }
    return statusOf(named);
  }
}
