import type { Server } from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES } from '../limits.js';
import { http2ServersOf } from './http2-servers.js';

/**
 * Lets clients send this much before they wait for an answer. HTTP/2 begins with 64 KiB, which on a
 * line of 20 ms is 3 MB/s however fast it is; grpc-js has an option for clients and none for servers.
 */
export function widenReceiveWindow(grpc: Server): void {
  for (const server of http2ServersOf(grpc)) {
    server.on('session', (session) => {
      session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES });
      session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES);
    });
  }
}
