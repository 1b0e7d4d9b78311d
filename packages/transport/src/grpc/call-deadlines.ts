import { constants } from 'node:http2';
import type { Clock } from '@fedvox/base';
import type { MethodName } from '@fedvox/protocol';
import { type Server, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Deadlines } from '../limits.js';
import { http2ServersOf } from './http2-servers.js';

/** How long an ended call may stay half open until its stream is closed. */
const CLOSING_MS = 1_000;
/** For calls of methods that there are none of. */
const UNKNOWN_METHOD_MS = 10_000;

/**
 * Ends every call by its deadline, whether or not the client has set one or has even finished its
 * message: the handler's signal aborts, and the client is told.
 */
export function keepDeadlines(deadlines: Deadlines, clock: Clock): ServerInterceptor {
  return ({ path }, call) => {
    const timer = clock.after(deadlineOf(path, deadlines), () => {
      const details = 'the call took longer than it may';
      call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
    });
    return new ServerInterceptingCall(call, {
      // Called at every end of a call, a good one included.
      start: (next) => next({ onCancel: () => timer.cancel() }),
    });
  };
}

/** Closes the streams of calls that ended while their client goes on sending, or says nothing more. */
export function closeEndedStreams(grpc: Server, deadlines: Deadlines, clock: Clock): void {
  for (const server of http2ServersOf(grpc)) {
    server.on('stream', (stream, headers) => {
      const afterMs = deadlineOf(String(headers[':path']), deadlines) + CLOSING_MS;
      const timer = clock.after(afterMs, () => stream.close(constants.NGHTTP2_CANCEL));
      stream.once('close', () => timer.cancel());
    });
  }
}

/** `/fedvox.v1.FederationService/NextTask` is `nextTask`. */
function deadlineOf(path: string, deadlines: Deadlines): number {
  const method = path.slice(path.lastIndexOf('/') + 1);
  const name = `${method.charAt(0).toLowerCase()}${method.slice(1)}`;
  return Object.hasOwn(deadlines, name) ? deadlines[name as MethodName] : UNKNOWN_METHOD_MS;
}
