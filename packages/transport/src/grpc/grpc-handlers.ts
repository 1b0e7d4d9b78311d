import { addAbortSignal } from 'node:stream';
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerUnaryCall,
  StatusObject,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { CallDesk, Peer } from '../calls/call-desk.js';
import { CallFailure, statusOf } from '../calls/call-status.js';
import { sendResponses } from '../calls/message-stream.js';
import type { Served, Service } from '../calls/service.js';
import { holdOneMessage } from './flow-control.js';
import { statusToGrpc } from './grpc-status.js';

/** A service's methods as gRPC's server calls them. */
export function grpcHandlers<Caller>({
  methods,
  desk,
}: Service<Caller>): UntypedServiceImplementation {
  const handlers = Object.entries(methods).map(([name, served]) => [name, handlerOf(served, desk)]);
  return Object.fromEntries(handlers);
}

function handlerOf<Caller>(served: Served<Caller>, desk: CallDesk<Caller>) {
  const { name } = served.method;
  switch (served.kind) {
    case 'unary': {
      const handler: handleUnaryCall<unknown, unknown> = (call, callback) => {
        const signal = abortOnCancel(call);
        const work = desk.run(name, peerOf(call), signal, (context) =>
          served.handle(call.request, context),
        );
        work.then(
          (response) => callback(null, response),
          (error) => callback(failureOf(error)),
        );
      };
      return handler;
    }
    case 'server-stream': {
      const handler: handleServerStreamingCall<unknown, unknown> = (call) => {
        const signal = abortOnCancel(call);
        const work = desk.run(name, peerOf(call), signal, (context) =>
          sendResponses(call, served.handle(call.request, context), signal),
        );
        work.then(
          () => call.end(),
          (error) => call.emit('error', failureOf(error)),
        );
      };
      return handler;
    }
    case 'client-stream': {
      const handler: handleClientStreamingCall<unknown, unknown> = (call, callback) => {
        const signal = abortOnCancel(call);
        // Without this, a caller that hangs up would leave the handler waiting for its next message.
        addAbortSignal(signal, holdOneMessage(call));
        // The handler's iteration throws that same error; a stream wants a listener for it as well.
        call.on('error', () => undefined);
        const work = desk.run(name, peerOf(call), signal, (context) =>
          served.handle(call, context),
        );
        work.then(
          (response) => callback(null, response),
          (error) => callback(failureOf(error)),
        );
      };
      return handler;
    }
  }
}

/** The part of gRPC's call objects that authentication needs. */
type AnyServerCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext' | 'getPeer'>;

function peerOf(call: AnyServerCall): Peer {
  return { certificate: call.getAuthContext().sslPeerCertificate, connection: call.getPeer() };
}

function failureOf(error: unknown): Partial<StatusObject> {
  return statusToGrpc(error instanceof CallFailure ? error.status : statusOf(error));
}

function abortOnCancel(call: { once(event: 'cancelled', listener: () => void): unknown }) {
  const controller = new AbortController();
  call.once('cancelled', () => controller.abort());
  return controller.signal;
}
