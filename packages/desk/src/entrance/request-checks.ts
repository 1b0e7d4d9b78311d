import type { IncomingHttpHeaders } from 'node:http';
import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';

/** What of a request says where it comes from; a browser sets these, and no page can. */
export interface Provenance {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** `none` is a person's own doing: an address typed, a bookmark. */
const OWN_SITES: readonly unknown[] = ['same-origin', 'none'];

/** By which names this very desk is reached. */
export interface OwnAddress {
  readonly scheme: 'http' | 'https';
  /** @param host as a request names it, with its port */
  readonly isHost: (host: string) => boolean;
}

/**
 * Why a request is turned away, whatever cookie it brings; undefined where it is this page's own.
 * Host against names that were made to lead here (DNS rebinding); Origin and Sec-Fetch-Site against
 * other pages of the same browser (Fetch, W3C Fetch Metadata). Pages on other ports of this machine
 * are other origins too, though their cookies are shared.
 * @param isEntrance where people come in may be gone to from anywhere: nothing is told there, or to whoever has a secret alone
 */
export function refusalOf(
  { method, headers }: Provenance,
  { scheme, isHost }: OwnAddress,
  isEntrance: boolean,
): FedvoxError | undefined {
  const { host } = headers;
  if (host === undefined || !isHost(host)) return fail('foreign-host');
  const origin = `${scheme}://${host}`;
  if (headers.origin !== undefined && headers.origin !== origin) return fail('foreign-origin');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && !OWN_SITES.includes(site) && !isEntrance) return fail('foreign-origin');
  // Every browser says where a POST is from.
  if (method === 'POST' && headers.origin !== origin) return fail('foreign-origin');
  return undefined;
}

/** The value of a cookie (RFC 6265, section 5.4); undefined where the request has none of that name. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
