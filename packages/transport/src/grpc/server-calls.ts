import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import { isFedvoxError } from '@fedvox/base';
import { isRefusal, type Method, type MethodName, refuse, WireFormatError } from '@fedvox/protocol';
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import type { CallContext, ServerEvent } from '../calls/call-context.js';
import { refusalToStatus } from './refusal-status.js';

/** The part of gRPC's call objects that authentication needs. */
export type AnyServerCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext' | 'getPeer'>;

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
    { name }: Method<Request, Response>,
    handle: (request: Request, context: CallContext<Caller>) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const signal = abortOnCancel(call);
      this.#run(name, call, signal, (context) => handle(call.request, context)).then(
        (response) => callback(null, response),
        (failure: StatusObject) => callback(failure),
      );
    };
  }

  serverStream<Request, Response>(
    { name }: Method<Request, Response>,
    handle: (request: Request, context: CallContext<Caller>) => AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => {
      const signal = abortOnCancel(call);
      this.#run(name, call, signal, async (context) => {
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
    { name }: Method<Request, Response>,
    handle: (requests: AsyncIterable<Request>, context: CallContext<Caller>) => Promise<Response>,
  ): handleClientStreamingCall<Request, Response> {
    return (call, callback) => {
      const signal = abortOnCancel(call);
      // Without this, a caller that hangs up would leave the handler waiting for its next message.
      addAbortSignal(signal, call);
      // The handler's iteration throws that same error; a stream wants a listener for it as well.
      call.on('error', () => undefined);
      this.#run(name, call, signal, (context) => handle(call, context)).then(
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
