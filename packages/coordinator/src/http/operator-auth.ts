import type { TLSSocket } from 'node:tls';
import { isFedvoxError } from '@fedvox/base';
import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import { type CallerRole, routeOf } from './route-table.js';

/** Whoever makes a call, as the certificate says. */
export interface Caller {
  readonly name: string;
  readonly role: CallerRole;
  readonly certificate: CertificateInfo;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Known before any route is asked. */
    caller: Caller;
  }
}

const CALLER_ROLES: readonly string[] = [
  'operator',
  'observer',
  'coordinator',
] satisfies CallerRole[];

/** Of each connection its certificate, which stays the same: a page that is open asks several times a second. */
export class CallerCertificates {
  readonly #known = new WeakMap<TLSSocket, CertificateInfo>();

  /** @throws FedvoxError `refused/unauthenticated` */
  of(socket: TLSSocket): CertificateInfo {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const certificate = read(socket.getPeerCertificate().raw);
    this.#known.set(socket, certificate);
    return certificate;
  }
}

/**
 * Who is calling: TLS has verified the certificate against the consortium's root; this reads what it
 * is for. Only those of this federation that are known here may go on.
 * @throws FedvoxError `refused/unauthenticated`, `refused/wrong-role`, and what `authorize` throws
 */
export function authenticateCaller(
  caller: CertificateInfo,
  federation: string,
  authorize: (caller: CertificateInfo) => void,
): Caller {
  const { identity } = caller;
  if (identity.federation !== federation) throw refuse('unauthenticated');
  if (!CALLER_ROLES.includes(identity.role)) {
    throw refuse('wrong-role', { role: identity.role, expected: 'operator' });
  }
  authorize(caller);
  return { name: identity.name, role: identity.role as CallerRole, certificate: caller };
}

/**
 * Whether the caller may have this route, by the one table. Nobody may have a route that is not in it.
 * @param url the route's, with its placeholders
 * @throws FedvoxError `refused/wrong-role`
 */
export function permit({ role }: Caller, method: string, url: string): void {
  const { may } = routeOf(method, url);
  if (!may.includes(role)) throw refuse('wrong-role', { role, expected: may[0] as string });
}

function read(certificate: Uint8Array | undefined): CertificateInfo {
  if (certificate === undefined) throw refuse('unauthenticated');
  try {
    return readCertificate(certificate);
  } catch (error) {
    if (isFedvoxError(error)) throw refuse('unauthenticated');
    throw error;
  }
}
