import { isIPv6 } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;
/** A subscriber of IPv6 is given 2^64 addresses or more. */
const SUBSCRIBER_GROUPS = 4;

/**
 * Who an address belongs to, as far as it tells: itself, or for IPv6 the network of its first 64 bits,
 * since whoever has one address of it has them all.
 */
export function addressOwner(address: string): string {
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  return `${groupsOf(address).slice(0, SUBSCRIBER_GROUPS).join(':')}::/64`;
}

function groupsOf(address: string): readonly string[] {
  const [before = '', after] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const [head, tail] = [before, after ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  if (after === undefined) return plain(head as string[]);
  const missing = GROUPS - (head as string[]).length - (tail as string[]).length;
  return plain([
    ...(head as string[]),
    ...Array(Math.max(0, missing)).fill('0'),
    ...(tail as string[]),
  ]);
}

function plain(groups: readonly string[]): readonly string[] {
  return groups.map((group) => group.replace(/^0+(?=.)/, ''));
}
