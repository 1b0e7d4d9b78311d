import type { Readable } from 'node:stream';
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

/**
 * Lets a call hold one message that its reader has not asked for, where a stream of objects holds 16: of
 * chunks, and of many sites at once, that is most of what a coordinator needs in memory. What else has come
 * waits in HTTP/2's window, and so does whoever sends more.
 *
 * Boundary: gRPC makes the stream, and a stream takes its mark from there alone.
 */
export function holdOneMessage<Stream extends Readable>(call: Stream): Stream {
  const { _readableState: state } = call as unknown as {
    readonly _readableState: { highWaterMark: number };
  };
  state.highWaterMark = 1;
  return call;
}
