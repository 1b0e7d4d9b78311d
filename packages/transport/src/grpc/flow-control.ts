import type { Readable } from 'node:stream';
import type { Server } from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES, LEAST_WINDOW_BYTES, SHARED_WINDOW_BYTES } from '../limits.js';
import { http2ServersOf } from './http2-servers.js';

/**
 * Lets clients send so much before they wait for an answer. HTTP/2 begins with 64 KiB, which on a
 * line of 20 ms is 3 MB/s however fast it is; grpc-js has an option for clients and none for servers. The more
 * connections there are, the less each new one may have on its way: all of it is held in memory.
 */
export function widenReceiveWindow(grpc: Server): void {
  let sessions = 0;
  for (const server of http2ServersOf(grpc)) {
    server.on('session', (session) => {
      sessions += 1;
      session.once('close', () => {
        sessions -= 1;
      });
      const window = windowAmong(sessions);
      session.settings({ initialWindowSize: window });
      session.setLocalWindowSize(window);
    });
  }
}

/** @param sessions with the one that it is for */
export function windowAmong(sessions: number): number {
  const share = Math.floor(SHARED_WINDOW_BYTES / sessions);
  return Math.min(FLOW_CONTROL_WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, share));
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
