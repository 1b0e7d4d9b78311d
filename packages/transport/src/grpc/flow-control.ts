import type { ServerHttp2Session } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Server } from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES, LEAST_WINDOW_BYTES, SHARED_WINDOW_BYTES } from '../limits.js';
import { http2ServersOf } from './http2-servers.js';

/**
 * Lets clients send so much before they wait for an answer. HTTP/2 begins with 64 KiB, which on a
 * line of 20 ms is 3 MB/s however fast it is; grpc-js has an option for clients and none for servers. All of
 * it is held in memory, so connections share it: whenever their number passes a power of two, each has its part anew.
 */
export function widenReceiveWindow(grpc: Server): void {
  const sessions = new Set<ServerHttp2Session>();
  let share = FLOW_CONTROL_WINDOW_BYTES;
  const shareAnew = () => {
    const before = share;
    share = windowAmong(sessions.size);
    if (share === before) return;
    for (const session of sessions) {
      // Of several that end at once, one hears of it before the others are forgotten.
      if (!session.destroyed) session.setLocalWindowSize(share);
    }
  };
  for (const server of http2ServersOf(grpc)) {
    server.on('session', (session) => {
      sessions.add(session);
      session.once('close', () => {
        sessions.delete(session);
        shareAnew();
      });
      // Of one call as much as of all: what a connection may have under way bounds them together.
      session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES });
      shareAnew();
      session.setLocalWindowSize(share);
    });
  }
}

/** What each of so many connections may have under way: the same up to the next power of two. */
export function windowAmong(sessions: number): number {
  const share = SHARED_WINDOW_BYTES / 2 ** Math.ceil(Math.log2(Math.max(1, sessions)));
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
