import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { type Clock, type FedvoxError, isFedvoxError, type Timer } from '@fedvox/base';
import { fingerprint, type Identity, identityUri, readIdentity } from '@fedvox/pki';
import { fail } from '../errors.js';
import { HANDSHAKE_TIMEOUT_MS, MAX_CONNECTIONS } from '../limits.js';
import { type ConnectionBounds, ConnectionTable } from './connection-table.js';
import { addressOwner } from './network-address.js';

export interface DoorRules extends ConnectionBounds {
  /** How long whoever shows no certificate may stay, whatever it does; undefined where none may. */
  readonly strangerLifetimeMs?: number;
  readonly handshakeTimeoutMs?: number;
  readonly onRefused: (error: FedvoxError) => void;
}

export interface Door {
  /** Cuts off what is still connected, handshakes under way included. */
  destroyConnections(): void;
  /** Cuts off one member of the consortium, whichever of its certificates it showed. */
  disconnect(member: Identity): void;
}

interface Guest {
  readonly socket: Socket;
  readonly remote: string;
  isCutOff: boolean;
  /** Ends the connection of whoever has not become a member by then. */
  timer: Timer | undefined;
}

/**
 * Bounds the connections of a TLS server, whichever protocol is spoken over it: how many there are of
 * one address and of one member, and how long a handshake may take altogether. Node's own time-out
 * starts anew with every byte, and leaves the socket open when it fires.
 */
export function keepDoor(server: Server, rules: DoorRules, clock: Clock): Door {
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, strangerLifetimeMs, onRefused } = rules;
  const table = new ConnectionTable<Guest>(rules);
  const byEndpoint = new Map<string, Guest>();
  const bySocket = new WeakMap<Socket, Guest>();
  server.maxConnections = MAX_CONNECTIONS;

  const cutOff = (guest: Guest | undefined, reason: string) => {
    if (guest === undefined) return;
    guest.isCutOff = true;
    guest.socket.destroy();
    onRefused(fail('client-cut-off', { remote: guest.remote, reason }));
  };
  const expire = (guest: Guest, afterMs: number, reason: string) => {
    guest.timer?.cancel();
    guest.timer = clock.after(afterMs, () => cutOff(guest, reason));
  };

  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    // It hung up before it was looked at: nothing is held for it.
    if (remoteAddress === undefined) return;
    const key = endpointOf(socket);
    const guest: Guest = { socket, remote: remoteAddress, isCutOff: false, timer: undefined };
    byEndpoint.set(key, guest);
    bySocket.set(socket, guest);
    cutOff(table.arrive(guest, addressOwner(remoteAddress)), MADE_ROOM);
    expire(guest, handshakeTimeoutMs, `no handshake within ${handshakeTimeoutMs / 1000} s`);
    socket.once('close', () => {
      guest.timer?.cancel();
      table.leave(guest);
      if (byEndpoint.get(key) === guest) byEndpoint.delete(key);
    });
  });
  server.on('tlsClientError', (cause, socket) => {
    const guest = bySocket.get(tcpSocketOf(socket));
    // Node tells of it and leaves the socket open.
    socket.destroy();
    if (guest?.isCutOff === true) return;
    const remote = guest?.remote ?? 'a client that is gone';
    const reason = 'code' in cause ? String(cause.code) : cause.message;
    onRefused(fail('client-tls-failed', { remote, reason }, { cause }));
  });
  server.on('secureConnection', (socket) => {
    const guest = byEndpoint.get(endpointOf(socket));
    if (guest === undefined) {
      socket.destroy();
    } else if (socket.authorized) {
      guest.timer?.cancel();
      cutOff(table.admit(guest, memberKey(socket)), MADE_ROOM);
    } else if (strangerLifetimeMs !== undefined) {
      expire(guest, strangerLifetimeMs, `connected for ${strangerLifetimeMs / 1000} s`);
    }
  });
  const destroy = (some: readonly Guest[]) => {
    for (const { socket } of some) socket.destroy();
  };
  return {
    destroyConnections: () => destroy(table.all()),
    disconnect: (member) => destroy(table.of(identityUri(member))),
  };
}

const MADE_ROOM = 'it made room for a newer connection';

/** Both sockets of a connection, TCP's and TLS's, name the same far end. */
function endpointOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * The TCP socket below one of TLS, which knows its far end no longer once that has hung up.
 * Boundary: a private member of Node's. Where a version has it no more, an address is missing in a log.
 */
function tcpSocketOf(socket: TLSSocket): Socket {
  return (socket as { readonly _parent?: Socket })._parent ?? socket;
}

/** One member has one identity, whichever of its certificates it shows. */
function memberKey(socket: TLSSocket): string {
  const { raw } = socket.getPeerCertificate();
  try {
    return identityUri(readIdentity(raw));
  } catch (error) {
    // Of our authority, but for nothing of ours: every call of it will be refused.
    if (isFedvoxError(error)) return fingerprint(raw);
    throw error;
  }
}
