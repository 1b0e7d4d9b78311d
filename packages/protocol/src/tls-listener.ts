import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { errorText, type FedvoxError } from '@fedvox/base';
import { fail } from './errors.js';
import { HANDSHAKE_TIMEOUT_MS, MAX_CONNECTIONS } from './limits.js';

export interface ListenSpec {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The consortium's root: the only issuer of client certificates that counts. */
  readonly caPem: string;
  readonly certificateChainPem: string;
  readonly keyPem: string;
}

export interface TlsListenerOptions {
  /** Whether a client without a certificate of the consortium is turned away in the handshake. */
  readonly requireClientCertificate: boolean;
  readonly onConnection: (socket: TLSSocket) => void;
  readonly onRefused: (error: FedvoxError) => void;
}

export interface TlsListener {
  readonly port: number;
  /** Accepts nothing new from now on; resolves once every connection has ended. */
  close(): Promise<void>;
  /** Cuts off what is still connected, handshakes under way included. */
  destroyConnections(): void;
}

/**
 * TLS 1.3 for HTTP/2, ahead of gRPC's own server: so that the reason why a connection was refused can
 * be told to a person, and so that connections and handshakes are bounded.
 * @throws FedvoxError `protocol/listen-failed`
 */
export async function listenTls(
  { host, port, caPem, certificateChainPem, keyPem }: ListenSpec,
  { requireClientCertificate, onConnection, onRefused }: TlsListenerOptions,
): Promise<TlsListener> {
  const server = createServer({
    ca: caPem,
    cert: certificateChainPem,
    key: keyPem,
    requestCert: requireClientCertificate,
    rejectUnauthorized: requireClientCertificate,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', (error, socket) => onRefused(nameClientFailure(error, socket)));
  server.on('secureConnection', (socket) => {
    // A peer that vanishes mid-stream is the session's to notice; unhandled, it would end the process.
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw fail('listen-failed', { host, port, reason: errorText(cause) }, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
    destroyConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Node closes the connection of a bad certificate itself and leaves the reason on the socket. */
function nameClientFailure(error: Error, socket: TLSSocket): FedvoxError {
  const remote = socket.remoteAddress ?? 'a client that is gone';
  const options = { cause: error };
  const verdict = socket.authorizationError as unknown as string | null | undefined;
  const reason = 'code' in error ? String(error.code) : error.message;
  if (reason === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') {
    return fail('client-certificate-missing', { remote }, options);
  }
  if (verdict === null || verdict === undefined) {
    return fail('client-tls-failed', { remote, reason }, options);
  }
  if (verdict === 'CERT_HAS_EXPIRED' || verdict === 'CERT_NOT_YET_VALID') {
    return fail('client-certificate-expired', { remote }, options);
  }
  return fail('client-certificate-untrusted', { remote, reason: verdict }, options);
}
