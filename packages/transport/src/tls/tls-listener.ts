import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { type Clock, errorText, type FedvoxError } from '@fedvox/base';
import type { Identity } from '@fedvox/pki';
import { fail } from '../errors.js';
import { type DoorRules, keepDoor } from './doorkeeper.js';

const MAX_SUBJECT_CHARACTERS = 200;

export interface ListenSpec {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The consortium's root: the only issuer of client certificates that counts. */
  readonly caPem: string;
  readonly certificateChainPem: string;
  readonly keyPem: string;
  /** By which strangers are shown out and calls end: sockets themselves know only the system's. */
  readonly clock: Clock;
}

export interface TlsListenerOptions {
  /** Whether a client without a certificate of the consortium is turned away in the handshake. */
  readonly requireClientCertificate: boolean;
  readonly onConnection: (socket: TLSSocket) => void;
  readonly door: DoorRules;
}

export interface TlsListener {
  readonly port: number;
  /** Accepts nothing new from now on; resolves once every connection has ended. */
  close(): Promise<void>;
  /** Cuts off what is still connected, handshakes under way included. */
  destroyConnections(): void;
  /** Cuts off one member of the consortium. */
  disconnect(member: Identity): void;
}

/**
 * TLS 1.3 for HTTP/2, ahead of gRPC's own server: so that the reason why a connection was refused can
 * be told to a person, and so that connections and handshakes are bounded.
 * @throws FedvoxError `protocol/listen-failed`
 */
export async function listenTls(
  { host, port, caPem, certificateChainPem, keyPem, clock }: ListenSpec,
  { requireClientCertificate, onConnection, door: rules }: TlsListenerOptions,
): Promise<TlsListener> {
  const server = createServer({
    ca: caPem,
    cert: certificateChainPem,
    key: keyPem,
    requestCert: requireClientCertificate,
    // Node verifies the certificate all the same; the verdict is carried out below, where the one
    // who was turned away can still be named. gRPC looks at it once more, on every call.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  });
  const { onRefused } = rules;
  const door = keepDoor(server, rules, clock);
  server.on('secureConnection', (socket) => {
    // A peer that vanishes mid-stream is the session's to notice; unhandled, it would end the process.
    socket.on('error', () => socket.destroy());
    const refusal = requireClientCertificate ? clientRefusal(socket) : undefined;
    if (refusal === undefined) {
      onConnection(socket);
    } else {
      socket.destroy();
      onRefused(refusal);
    }
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw fail('listen-failed', { host, port, reason: errorText(cause) }, { cause });
  }
  server.on('error', (cause) => onRefused(acceptFailure(cause)));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
    destroyConnections: door.destroyConnections,
    disconnect: door.disconnect,
  };
}

/** Why this client may not go on, or undefined where the consortium's root vouches for it. */
function clientRefusal(socket: TLSSocket): FedvoxError | undefined {
  if (socket.authorized) return undefined;
  const remote = socket.remoteAddress ?? 'a client that is gone';
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return fail('client-certificate-missing', { remote });
  // Names from a certificate that nobody vouches for: quoted, and cut short.
  const name = JSON.stringify(`${subject.CN} of ${subject.O}`.slice(0, MAX_SUBJECT_CHARACTERS));
  const verdict = String(socket.authorizationError);
  if (verdict === 'CERT_HAS_EXPIRED' || verdict === 'CERT_NOT_YET_VALID') {
    return fail('client-certificate-expired', { remote, name });
  }
  return fail('client-certificate-untrusted', { remote, name, reason: verdict });
}

function acceptFailure(cause: Error): FedvoxError {
  return fail('accept-failed', { reason: errorText(cause) }, { cause });
}
