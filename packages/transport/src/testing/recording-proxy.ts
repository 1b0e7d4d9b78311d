import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { Member, TestFederation } from './test-federation.js';

/**
 * For tests: stands between a site and its coordinator with the keys of both, and so sees what an
 * eavesdropper never could: the bytes below TLS, as the site sent them.
 */
export async function recordingProxy(
  federation: TestFederation,
  site: Member,
  coordinatorPort: number,
) {
  const ca = federation.authority.certificatePem;
  const recorded: Buffer[] = [];
  const sockets = new Set<TLSSocket>();
  const { keyPem: key, certificateChainPem: cert } = federation.coordinator;
  const server = createServer({ ca, key, cert, requestCert: true, ALPNProtocols: ['h2'] });
  server.on('secureConnection', (inward) => {
    const outward = connect({
      host: 'localhost',
      port: coordinatorPort,
      ca,
      key: site.keyPem,
      cert: site.certificateChainPem,
      ALPNProtocols: ['h2'],
    });
    for (const socket of [inward, outward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    inward.on('data', (bytes: Buffer) => recorded.push(bytes));
    inward.pipe(outward).pipe(inward);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  const { port } = server.address() as AddressInfo;
  return { port, stop, bytes: () => Buffer.concat(recorded) };
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME_HEADER_BYTES = 9;
const DATA_FRAME = 0;
const PADDED = 0x8;

/** The payload of every HTTP/2 data frame (RFC 9113, section 6.1) of a connection, joined. */
export function dataFrames(connection: Buffer): Buffer {
  if (connection.toString('latin1', 0, PREFACE.length) !== PREFACE) throw new Error('not HTTP/2');
  const payloads: Buffer[] = [];
  let at = PREFACE.length;
  while (at + FRAME_HEADER_BYTES <= connection.length) {
    const length = connection.readUIntBE(at, 3);
    const [type, flags] = [connection[at + 3]!, connection[at + 4]!];
    at += FRAME_HEADER_BYTES;
    if (type === DATA_FRAME) {
      if ((flags & PADDED) !== 0) throw new Error('padding was not expected');
      payloads.push(connection.subarray(at, at + length));
    }
    at += length;
  }
  return Buffer.concat(payloads);
}
