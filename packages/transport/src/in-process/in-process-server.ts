import { isFedvoxError } from '@fedvox/base';
import { type Identity, identityUri, readIdentity } from '@fedvox/pki';
import type { Peer } from '../calls/call-desk.js';
import type { MemberServer } from '../calls/running-server.js';
import { STOP_GRACE_MS } from '../limits.js';
import { Connection } from './connection.js';
import type { Endpoint } from './endpoint.js';

/** A service that is called within the process, and who is connected to it. */
export class InProcessServer implements MemberServer {
  readonly port: number;
  readonly #endpoint: Endpoint;
  readonly #onStop: () => void;
  readonly #connections = new Set<Connection>();

  constructor(port: number, endpoint: Endpoint, onStop: () => void) {
    this.port = port;
    this.#endpoint = endpoint;
    this.#onStop = onStop;
  }

  connect(peer: Peer): Connection {
    for (const old of this.#connections) if (!old.isOpen) this.#connections.delete(old);
    const connection = new Connection(this.#endpoint, peer);
    this.#connections.add(connection);
    return connection;
  }

  disconnect(member: Identity): void {
    for (const connection of this.#connections) {
      if (isOf(connection.peer, member)) connection.cut('the coordinator closed it');
    }
  }

  async stop(graceMs: number = STOP_GRACE_MS): Promise<void> {
    this.#onStop();
    const cut = () => {
      for (const connection of this.#connections) connection.cut('the coordinator stopped');
    };
    const timer = this.#endpoint.clock.after(graceMs, cut);
    await Promise.all([...this.#connections].map((connection) => connection.drain()));
    timer.cancel();
  }
}

function isOf({ certificate }: Peer, member: Identity): boolean {
  if (certificate === undefined) return false;
  try {
    return identityUri(readIdentity(certificate)) === identityUri(member);
  } catch (error) {
    // Of nobody's: every call of it was refused.
    if (isFedvoxError(error)) return false;
    throw error;
  }
}
