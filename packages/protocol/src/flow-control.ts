import type { ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES } from './limits.js';

/**
 * Lets clients send this much before they wait for an answer. HTTP/2 begins with 64 KiB, which on a
 * line of 20 ms is 3 MB/s however fast it is; grpc-js has an option for clients and none for servers.
 *
 * Boundary: grpc-js keeps its HTTP/2 servers in a private member. Where another version has it no
 * more, uploads are slow, not wrong; the test of this file tells.
 */
export function widenReceiveWindow(grpc: Server): void {
  const servers: Iterable<SessionSource> = grpc['http2Servers']?.keys() ?? [];
  for (const server of servers) {
    server.on('session', (session) => {
      session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES });
      session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES);
    });
  }
}

interface SessionSource {
  on(event: 'session', listener: (session: ServerHttp2Session) => void): unknown;
}
