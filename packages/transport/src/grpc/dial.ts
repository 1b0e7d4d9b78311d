import type { EgressObserver } from '@fedvox/protocol';
import type { FederationClient } from '../calls/federation-client.js';
import { WireClient } from '../calls/wire-client.js';
import type { KeepaliveOptions } from '../limits.js';
import { type OwnCredentials, secureChannel } from './channel.js';
import { GrpcTransport } from './grpc-transport.js';

export interface DialOptions {
  /** `host:port`, the host being one that the coordinator's certificate names. */
  readonly address: string;
  readonly federation: string;
  /** The consortium's root. */
  readonly caPem: string;
  readonly own: OwnCredentials;
  /** Told of every message before it leaves; required, so that no caller forgets the ledger. */
  readonly onSent: EgressObserver;
  readonly keepalive?: KeepaliveOptions;
}

/** A line to the coordinator over mutual TLS, which connects with its first call. */
export function dialCoordinator({ onSent, ...spec }: DialOptions): FederationClient {
  return new WireClient(new GrpcTransport(secureChannel(spec), onSent));
}
