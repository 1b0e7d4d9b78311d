import { isIP, isIPv6 } from 'node:net';

/** Where to dial: a host as sockets take it, without brackets, and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]@?#]+)):(\d{1,5})$/;

/** What is wrong with the text of an address, and the address that was probably meant. */
export interface AddressProblem {
  readonly problem: string;
  readonly meant: string;
}

/** Reads `host:port`; an IPv6 host stands in brackets, as in a URL (RFC 3986). */
export function parseAddress(text: string, usualPort: number): Address | AddressProblem {
  const [, ipv6, name, digits] = HOST_AND_PORT.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host !== undefined && (ipv6 === undefined || isIPv6(ipv6))) {
    if (port >= 1 && port <= 65_535) return { host, port };
    return { problem: `${digits} is no port`, meant: formatAddress({ host, port: usualPort }) };
  }
  return problemOf(text, usualPort);
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function formatAddress({ host, port }: Address): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

export function isAddress(parsed: Address | AddressProblem): parsed is Address {
  return 'host' in parsed;
}

/** A host by itself: a DNS name or an IP address, with neither scheme, port nor brackets. */
export function hostProblem(text: string): AddressProblem | undefined {
  if (isIP(text) !== 0 || /^[^\s:/[\]@?#]+$/.test(text)) return undefined;
  const bare = withoutSchemeAndPath(text);
  const parsed = parseAddress(bare, 1);
  const bracketed = /^\[([^\]]*)\]$/.exec(bare)?.[1];
  const meant = bracketed ?? (isAddress(parsed) ? parsed.host : bare);
  return { problem: 'it must be a host alone, without scheme, port or brackets', meant };
}

function problemOf(text: string, usualPort: number): AddressProblem {
  const bare = withoutSchemeAndPath(text);
  if (bare !== text && bare !== '') {
    const parsed = parseAddress(bare, usualPort);
    const meant = isAddress(parsed) ? bare : parsed.meant;
    return { problem: 'it takes neither a scheme nor a path', meant };
  }
  // `::1:8445` may be an address with its port, or an address whole; brackets tell.
  const [, head = '', tail] = /^(.*):(\d{4,5})$/.exec(text) ?? [];
  const port = Number(tail);
  const isPort = isIPv6(head) && port >= 1_024 && port <= 65_535;
  if (isPort || isIPv6(text)) {
    const meant = isPort ? { host: head, port } : { host: text, port: usualPort };
    return { problem: 'an IPv6 address needs brackets', meant: formatAddress(meant) };
  }
  const name = text.replace(/[^0-9A-Za-z.-]/g, '') || 'localhost';
  return { problem: 'it has no port', meant: formatAddress({ host: name, port: usualPort }) };
}

function withoutSchemeAndPath(text: string): string {
  return text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/.*$/, '');
}
