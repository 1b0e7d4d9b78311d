import type { Method } from '@fedvox/protocol';
import type { CallContext } from './call-context.js';
import type { CallDesk } from './call-desk.js';

/** A method as its server carries it out, in messages of the wire; it refuses by throwing. */
export type Served<Caller> =
  | ServedUnary<Caller>
  | ServedServerStream<Caller>
  | ServedClientStream<Caller>;

interface ServedUnary<Caller, Request = unknown, Response = unknown> {
  readonly kind: 'unary';
  readonly method: Method<Request, Response>;
  handle(request: Request, call: CallContext<Caller>): Promise<Response>;
}

interface ServedServerStream<Caller, Request = unknown, Response = unknown> {
  readonly kind: 'server-stream';
  readonly method: Method<Request, Response>;
  handle(request: Request, call: CallContext<Caller>): AsyncIterable<Response>;
}

interface ServedClientStream<Caller, Request = unknown, Response = unknown> {
  readonly kind: 'client-stream';
  readonly method: Method<Request, Response>;
  handle(requests: AsyncIterable<Request>, call: CallContext<Caller>): Promise<Response>;
}

/** A service with who may call it: the same behind a socket and without one. */
export interface Service<Caller> {
  readonly methods: Readonly<Record<string, Served<Caller>>>;
  readonly desk: CallDesk<Caller>;
}

export function unary<Caller, Request, Response>(
  method: Method<Request, Response>,
  handle: (request: Request, call: CallContext<Caller>) => Promise<Response>,
): ServedUnary<Caller, Request, Response> {
  return { kind: 'unary', method, handle };
}

export function serverStream<Caller, Request, Response>(
  method: Method<Request, Response>,
  handle: (request: Request, call: CallContext<Caller>) => AsyncIterable<Response>,
): ServedServerStream<Caller, Request, Response> {
  return { kind: 'server-stream', method, handle };
}

export function clientStream<Caller, Request, Response>(
  method: Method<Request, Response>,
  handle: (requests: AsyncIterable<Request>, call: CallContext<Caller>) => Promise<Response>,
): ServedClientStream<Caller, Request, Response> {
  return { kind: 'client-stream', method, handle };
}
