import { randomBytes } from 'node:crypto';

/** Eighty random bits as 16 lower-case base-32 characters; no ambiguous letters. */
export function randomId(): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const bytes = randomBytes(16);
  return Array.from(bytes, (byte) => alphabet[byte & 31]).join('');
}
