import type { IncomingHttpHeaders } from 'node:http';
import type { FedvoxError } from '@fedvox/base';
import { fail } from './errors.js';

/** What of a request says where it comes from; a browser sets these, and no page can. */
export interface Provenance {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** `none` is a person's own doing: an address typed, a bookmark. */
const OWN_SITES: readonly unknown[] = ['same-origin', 'none'];

/**
 * Why a request is turned away, whatever cookie it brings; undefined where it is this page's own.
 * Host against names that were made to lead here (DNS rebinding); Origin and Sec-Fetch-Site against
 * other pages of the same browser (Fetch, W3C Fetch Metadata). Pages on other ports of this machine
 * are other origins too, though their cookies are shared.
 * @param origin as in `http://127.0.0.1:8600`
 * @param isLink a link may be followed from anywhere: it is a secret by itself
 */
export function refusalOf(
  { method, headers }: Provenance,
  origin: string,
  isLink: boolean,
): FedvoxError | undefined {
  if (headers.host !== new URL(origin).host) return fail('foreign-host');
  if (headers.origin !== undefined && headers.origin !== origin) return fail('foreign-origin');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && !OWN_SITES.includes(site) && !isLink) return fail('foreign-origin');
  // Every browser says where a POST is from.
  if (method === 'POST' && headers.origin !== origin) return fail('foreign-origin');
  return undefined;
}

/** The value of a cookie (RFC 6265, section 5.4); undefined where the request has none of that name. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
