import { randomBytes } from 'node:crypto';

/** The shape of names people choose: federations, sites, jobs. Safe in paths, URIs and certificates. */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Eighty random bits as 16 lower-case base-32 characters; no ambiguous letters. */
export function randomId(): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const bytes = randomBytes(16);
  return Array.from(bytes, (byte) => alphabet[byte & 31]).join('');
}
