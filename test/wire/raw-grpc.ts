import { once } from 'node:events';
import { connect, createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

/**
 * gRPC by hand over Node's HTTP/2, sharing no code with either peer under test: the wire as its
 * specification has it (https://github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md).
 */
export interface TlsFiles {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

const PREFIX_BYTES = 5;

/** Answers each method with fixed messages; keeps what it was sent, and how long it might take. */
export async function rawServer(tls: TlsFiles, answers: ReadonlyMap<string, readonly Buffer[]>) {
  const received = new Map<string, Buffer[]>();
  const timeouts = new Map<string, string | undefined>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(tls);
  server.on('session', (session) => sessions.add(session));
  server.on('stream', async (stream, headers) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const method = String(headers[':path']).replace('/fedvox.v1.', '');
    received.set(method, unframe(Buffer.concat(chunks)));
    timeouts.set(method, headers['grpc-timeout'] as string | undefined);
    stream.respond({ 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat((answers.get(method) ?? []).map(frame)));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const stop = () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, received, timeouts, stop };
}

export interface RawAnswer {
  readonly messages: Buffer[];
  /** gRPC's status code; empty where the call ended without one. */
  readonly status: string;
}

/** A connection over which whatever bytes can be sent as a method's messages. */
export function rawClient(tls: TlsFiles, port: number) {
  const session = connect(`https://localhost:${port}`, { ...tls });
  const call = async (method: string, messages: readonly Buffer[]): Promise<RawAnswer> => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/fedvox.v1.${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status = '';
    const readStatus = (headers: object) => {
      status = String((headers as Record<string, string>)['grpc-status'] ?? status);
    };
    stream.on('response', readStatus).on('trailers', readStatus);
    stream.end(Buffer.concat(messages.map(frame)));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { messages: unframe(Buffer.concat(chunks)), status };
  };
  return { call, close: () => session.close() };
}

function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([prefix, message]);
}

function unframe(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (bytes[at] !== 0) throw new Error('a compressed message');
    const end = at + PREFIX_BYTES + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + PREFIX_BYTES, end));
    at = end;
  }
  return messages;
}
