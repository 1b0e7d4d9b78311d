import { readCertificate, toX509 } from '@fedvox/pki';
import type { EgressObserver } from '@fedvox/protocol';
import type { FederationClient } from '../calls/federation-client.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { type FederationServiceOptions, federationService } from '../calls/federation-service.js';
import type { MemberServer } from '../calls/running-server.js';
import { WireClient } from '../calls/wire-client.js';
import { fail } from '../errors.js';
import { DEADLINES_MS, type Deadlines } from '../limits.js';
import type { Connection } from './connection.js';
import { InProcessServer } from './in-process-server.js';
import { InProcessTransport } from './in-process-transport.js';

/** As for a server behind a socket, which takes more. */
export interface InProcessServerOptions extends FederationServiceOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly certificateChainPem: string;
  readonly deadlinesMs?: Deadlines;
}

/** As for dialling over a socket, which takes more. */
export interface InProcessDialOptions {
  /** `host:port`; the port alone says which coordinator. */
  readonly address: string;
  readonly own: { readonly certificateChainPem: string };
  readonly onSent: EgressObserver;
}

/**
 * Coordinators and sites of one process: what simulations and tests dial instead of sockets. The
 * handlers, their refusals, messages, chunks and deadlines are those of gRPC; time is the clock's that
 * the coordinator is given. **Who dials is believed to hold the key of the certificate it shows**: there
 * is no handshake to prove it in.
 */
export class InProcessNetwork {
  readonly #servers = new Map<number, InProcessServer>();
  #lastPort = 0;
  #connections = 0;

  /** @throws FedvoxError `protocol/listen-failed` */
  readonly serve = async (
    handlers: FederationHandlers,
    options: InProcessServerOptions,
  ): Promise<MemberServer> => {
    const { host, deadlinesMs = DEADLINES_MS, clock, certificateChainPem } = options;
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (this.#servers.has(port)) {
      throw fail('listen-failed', {
        host,
        port,
        reason: 'another coordinator of the process does',
      });
    }
    const certificate = readCertificate(certificateChainPem);
    const service = federationService(handlers, options);
    const endpoint = { service, certificate, deadlinesMs, clock };
    const server = new InProcessServer(port, endpoint, () => this.#servers.delete(port));
    this.#servers.set(port, server);
    return server;
  };

  /** A line to the coordinator, which connects with its first call. */
  readonly dial = ({ address, own, onSent }: InProcessDialOptions): FederationClient => {
    const connect = () => this.#connect(address, own.certificateChainPem);
    return new WireClient(new InProcessTransport({ address, connect, onSent }));
  };

  #connect(address: string, certificateChainPem: string): Connection {
    const server = this.#servers.get(Number(/:(\d+)$/.exec(address)?.[1]));
    if (server === undefined) {
      throw fail('coordinator-unreachable', { address, reason: 'nobody listens there' });
    }
    const connection = `in-process:${++this.#connections}`;
    return server.connect({ certificate: toX509(certificateChainPem), connection });
  }

  #freePort(): number {
    do this.#lastPort++;
    while (this.#servers.has(this.#lastPort));
    return this.#lastPort;
  }
}
