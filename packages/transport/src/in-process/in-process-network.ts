import type { Clock } from '@fedvox/base';
import { readCertificate, toX509 } from '@fedvox/pki';
import type { EgressObserver } from '@fedvox/protocol';
import {
  type EnrollmentHandlers,
  type EnrollmentRequest,
  type EnrollmentServiceOptions,
  enrollmentService,
  enrollOver,
} from '../calls/enrollment-service.js';
import type { FederationClient } from '../calls/federation-client.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { type FederationServiceOptions, federationService } from '../calls/federation-service.js';
import type { MemberServer } from '../calls/running-server.js';
import type { Service } from '../calls/service.js';
import { WireClient } from '../calls/wire-client.js';
import { fail } from '../errors.js';
import { DEADLINES_MS, type Deadlines } from '../limits.js';
import type { Connection } from './connection.js';
import { endpointOf } from './endpoint.js';
import { InProcessServer } from './in-process-server.js';
import { InProcessTransport } from './in-process-transport.js';

/** As for a server behind a socket, which takes more. */
interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly certificateChainPem: string;
  readonly deadlinesMs?: Deadlines;
  readonly clock: Clock;
}

/** As for dialling over a socket, which takes more. */
interface DialOptions {
  /** `host:port`; the port alone says which coordinator. */
  readonly address: string;
  readonly onSent: EgressObserver;
}

/**
 * Coordinators and sites of one process: what simulations and tests take for a wire instead of sockets.
 * The handlers, their refusals, messages, chunks and deadlines are those of gRPC; time is the clock's
 * that the coordinator is given. **Who dials is believed to hold the key of the certificate it shows**:
 * there is no handshake to prove it in.
 */
export class InProcessNetwork {
  readonly #servers = new Map<number, InProcessServer>();
  #lastPort = 0;
  #connections = 0;

  /** @throws FedvoxError `protocol/listen-failed` */
  readonly serve = async (
    handlers: FederationHandlers,
    options: ListenOptions & FederationServiceOptions,
  ): Promise<MemberServer> => this.#listen(federationService(handlers, options), options);

  /** @throws FedvoxError `protocol/listen-failed` */
  readonly serveEnrollment = async (
    handlers: EnrollmentHandlers,
    options: ListenOptions & EnrollmentServiceOptions,
  ): Promise<MemberServer> => this.#listen(enrollmentService(handlers, options), options);

  /** A line to the coordinator, which connects with its first call. */
  readonly dial = (
    options: DialOptions & { readonly own: { readonly certificateChainPem: string } },
  ): FederationClient => new WireClient(this.#transport(options, options.own.certificateChainPem));

  readonly enroll = (options: DialOptions & EnrollmentRequest): Promise<readonly Uint8Array[]> =>
    enrollOver(this.#transport(options), options);

  #listen<Caller>(service: Service<Caller>, options: ListenOptions): MemberServer {
    const { host, deadlinesMs = DEADLINES_MS, clock } = options;
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (this.#servers.has(port)) {
      throw fail('listen-failed', { host, port, reason: 'another of this process does' });
    }
    const certificate = readCertificate(options.certificateChainPem);
    const endpoint = endpointOf(service, { certificate, deadlinesMs, clock });
    const server = new InProcessServer(port, endpoint, () => this.#servers.delete(port));
    this.#servers.set(port, server);
    return server;
  }

  #transport({ address, onSent }: DialOptions, certificatePem?: string): InProcessTransport {
    const connect = () => this.#connect(address, certificatePem);
    return new InProcessTransport({ address, connect, onSent });
  }

  #connect(address: string, certificatePem: string | undefined): Connection {
    const server = this.#servers.get(Number(/:(\d+)$/.exec(address)?.[1]));
    if (server === undefined) {
      throw fail('coordinator-unreachable', { address, reason: 'nobody listens there' });
    }
    const connection = `in-process:${++this.#connections}`;
    const certificate = certificatePem === undefined ? undefined : toX509(certificatePem);
    return server.connect({ certificate, connection });
  }

  #freePort(): number {
    do this.#lastPort++;
    while (this.#servers.has(this.#lastPort));
    return this.#lastPort;
  }
}
