import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import { type FedvoxError, isFedvoxError } from '@fedvox/base';
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import type { MethodName } from './limits.js';
import { isRefusal, refusalToStatus, refuse } from './refusals.js';
import { WireFormatError } from './wire-mapping.js';

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

/** The part of gRPC's call objects that authentication needs. */
export type AnyServerCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext' | 'getPeer'>;

/** What a handler knows of its call besides the request. */
export interface CallContext<Caller> {
  readonly caller: Caller;
  /** Tells one connection from another: the far end of it, as `address:port`. */
  readonly connection: string;
  /** Aborts when the caller hangs up or its deadline passes. */
  readonly signal: AbortSignal;
}

/**
 * Builds gRPC handlers from plain async functions: authenticates the caller before anything else,
 * turns what a handler throws into a named refusal, and tells everybody else only "internal error".
 */
export class CallServer<Caller> {
  readonly #authenticate: (call: AnyServerCall) => Caller;
  readonly #nameOf: (caller: Caller) => string;
  readonly #onEvent: (event: ServerEvent) => void;

  constructor(
    /** Who is calling; throws a refusal for whoever may not. */
    authenticate: (call: AnyServerCall) => Caller,
    nameOf: (caller: Caller) => string,
    onEvent: (event: ServerEvent) => void,
  ) {
    this.#authenticate = authenticate;
    this.#nameOf = nameOf;
    this.#onEvent = onEvent;
  }

  unary<Request, Response>(
    method: MethodName,
    handle: (request: Request, context: CallContext<Caller>) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const signal = abortOnCancel(call);
      this.#run(method, call, signal, (context) => handle(call.request, context)).then(
        (response) => callback(null, response),
        (failure: StatusObject) => callback(failure),
      );
    };
  }

  serverStream<Request, Response>(
    method: MethodName,
    handle: (request: Request, context: CallContext<Caller>) => AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => {
      const signal = abortOnCancel(call);
      this.#run(method, call, signal, async (context) => {
        for await (const response of handle(call.request, context)) {
          signal.throwIfAborted();
          if (!call.write(response)) await once(call, 'drain', { signal });
        }
      }).then(
        () => call.end(),
        (failure: StatusObject) => call.emit('error', failure),
      );
    };
  }

  clientStream<Request, Response>(
    method: MethodName,
    handle: (requests: AsyncIterable<Request>, context: CallContext<Caller>) => Promise<Response>,
  ): handleClientStreamingCall<Request, Response> {
    return (call, callback) => {
      const signal = abortOnCancel(call);
      // Without this, a caller that hangs up would leave the handler waiting for its next message.
      addAbortSignal(signal, call);
      // The handler's iteration throws that same error; a stream wants a listener for it as well.
      call.on('error', () => undefined);
      this.#run(method, call, signal, (context) => handle(call, context)).then(
        (response) => callback(null, response),
        (failure: StatusObject) => callback(failure),
      );
    };
  }

  /** Rejects with the status that the caller is told. */
  async #run<Result>(
    method: MethodName,
    call: AnyServerCall,
    signal: AbortSignal,
    work: (context: CallContext<Caller>) => Promise<Result>,
  ): Promise<Result> {
    let caller: Caller | undefined;
    try {
      caller = this.#authenticate(call);
      return await work({ caller, connection: call.getPeer(), signal });
    } catch (error) {
      if (signal.aborted) throw { code: status.CANCELLED, details: 'cancelled' };
      const name = caller === undefined ? undefined : this.#nameOf(caller);
      throw this.#statusOf(error, method, name);
    }
  }

  #statusOf(error: unknown, method: MethodName, caller: string | undefined): StatusObject {
    const named =
      error instanceof WireFormatError
        ? refuse('request-invalid', { reason: error.message })
        : error;
    if (isFedvoxError(named) && isRefusal(named)) {
      this.#onEvent({ kind: 'call-refused', method, caller, error: named });
    } else {
      this.#onEvent({ kind: 'call-failed', method, caller, error });
    }
    return refusalToStatus(named);
  }
}

function abortOnCancel(call: { once(event: 'cancelled', listener: () => void): unknown }) {
  const controller = new AbortController();
  call.once('cancelled', () => controller.abort());
  return controller.signal;
}
