import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
} from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Connections from one address that never say a word. */
export interface SilentCrowd {
  /** How many of them the other side still holds. */
  held(): number;
  leave(): void;
}

/** Kept small enough that the kernel's queue of connections to accept never overflows. */
const DIALLED_AT_ONCE = 200;

export async function silentCrowd(port: number, count: number): Promise<SilentCrowd> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Array.from({ length: Math.min(DIALLED_AT_ONCE, count - sockets.length) }, () => {
      const socket = connect(port, 'localhost');
      // What becomes of each is the other side's doing: counted below, not an error here.
      socket.on('error', () => socket.destroy());
      socket.resume();
      return socket;
    });
    sockets.push(...more);
    await Promise.all(
      more.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
    );
  }
  return {
    held: () => sockets.filter(({ closed }) => !closed).length,
    leave: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

export interface HalfMessages {
  readonly connections: number;
  /** Calls on each connection. */
  readonly calls: number;
  /** What each call says its message will have, and what of it ever comes. */
  readonly announcedBytes: number;
  readonly sentBytes: number;
}

/** A peer that begins calls by hand over HTTP/2 and never ends one. */
export interface Staller {
  leave(): void;
}

const GRPC_PREFIX_BYTES = 5;

/** Begins every call of the plan and resolves once their bytes are sent or turned away. */
export async function stallCalls(
  port: number,
  path: string,
  tls: { readonly ca: string; readonly key?: string; readonly cert?: string },
  { connections, calls, announcedBytes, sentBytes }: HalfMessages,
): Promise<Staller> {
  const message = Buffer.alloc(GRPC_PREFIX_BYTES + sentBytes);
  message.writeUInt32BE(announcedBytes, 1);
  const sockets: TLSSocket[] = [];
  const streams: ClientHttp2Stream[] = [];
  for (let i = 0; i < connections; i++) {
    const socket = connectTls({ host: 'localhost', port, ALPNProtocols: ['h2'], ...tls });
    const session = connectHttp2(`https://localhost:${port}`, { createConnection: () => socket });
    session.on('error', () => session.destroy());
    sockets.push(socket);
    for (let k = 0; k < calls; k++) streams.push(beginCall(session, path));
  }
  await Promise.all(streams.map((stream) => write(stream, message)));
  return {
    leave: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function beginCall(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => stream.close());
  stream.resume();
  return stream;
}

const SENDING_MS = 5_000;

/** Until the bytes have left, or the other side has shown that it takes no more of them. */
function write(stream: ClientHttp2Stream, bytes: Uint8Array): Promise<unknown> {
  const settled = new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.write(bytes, () => resolve());
  });
  return Promise.race([settled, delay(SENDING_MS)]);
}
