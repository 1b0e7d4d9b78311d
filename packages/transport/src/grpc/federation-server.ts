import type { FederationHandlers } from '../calls/federation-handlers.js';
import { type FederationServiceOptions, federationService } from '../calls/federation-service.js';
import type { MemberServer } from '../calls/running-server.js';
import { type Deadlines, type KeepaliveOptions, SITE_CALLS, SITES_DOOR } from '../limits.js';
import type { DoorRules } from '../tls/doorkeeper.js';
import type { ListenSpec } from '../tls/tls-listener.js';
import { startGrpcServer } from './grpc-server.js';

export interface FederationServerOptions extends FederationServiceOptions, ListenSpec {
  readonly keepalive?: KeepaliveOptions;
  readonly deadlinesMs?: Deadlines;
  readonly door?: Partial<DoorRules>;
}

/** Serves sites over mutual TLS. @throws FedvoxError `protocol/listen-failed` */
export function createFederationServer(
  handlers: FederationHandlers,
  options: FederationServerOptions,
): Promise<MemberServer> {
  return startGrpcServer({
    ...options,
    requireClientCertificate: true,
    door: { ...SITES_DOOR, ...options.door },
    calls: SITE_CALLS,
    service: federationService(handlers, options),
  });
}
