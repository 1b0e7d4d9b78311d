import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

export interface Http2Events {
  on(event: 'session', listener: (session: ServerHttp2Session) => void): unknown;
  on(
    event: 'stream',
    listener: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  ): unknown;
}

/**
 * The HTTP/2 servers inside a gRPC server, for what its own options do not offer.
 *
 * Boundary: grpc-js keeps them in a private member. Where another version has it no more, this is
 * empty; the tests of those who use it tell.
 */
export function http2ServersOf(grpc: Server): Iterable<Http2Events> {
  return grpc['http2Servers']?.keys() ?? [];
}
