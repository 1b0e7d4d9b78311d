import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** OWASP's Password Storage Cheat Sheet: 64 MiB and a quarter of a second for each guess. */
const COST = { N: 2 ** 16, r: 8, p: 2 } as const;
/** What a file may ask of this machine: no line in it takes more than 256 MiB. */
const MOST = { N: 2 ** 18, r: 8, p: 4 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** NIST SP 800-63B asks for eight; these open a hospital's scans. */
export const LEAST_PASSWORD_LENGTH = 12;
export const MOST_PASSWORD_LENGTH = 256;

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** What is kept in a password's place: scrypt (RFC 7914) with its parameters, so that they can be raised later. */
export const passwordHashSchema = z.strictObject({
  kind: z.literal('scrypt'),
  N: z.number().int().min(2).max(MOST.N),
  r: z.number().int().min(1).max(MOST.r),
  p: z.number().int().min(1).max(MOST.p),
  salt: base64,
  key: base64,
});
export type PasswordHash = z.output<typeof passwordHashSchema>;

export async function hashOf(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, KEY_BYTES, COST);
  return {
    ...{ kind: 'scrypt', ...COST },
    salt: salt.toString('base64'),
    key: key.toString('base64'),
  };
}

/** Whether it is the password; as long for a wrong one as for the right one. */
export async function isPassword(
  password: string,
  { N, r, p, salt, key }: PasswordHash,
): Promise<boolean> {
  const expected = Buffer.from(key, 'base64');
  const derived = await derive(password, Buffer.from(salt, 'base64'), expected.length, { N, r, p });
  return timingSafeEqual(derived, expected);
}

/** One that no password has: whoever names nobody waits as long as whoever names somebody. */
export function nobodysHash(): PasswordHash {
  const bytes = (length: number) => randomBytes(length).toString('base64');
  return { ...{ kind: 'scrypt', ...COST }, salt: bytes(SALT_BYTES), key: bytes(KEY_BYTES) };
}

function derive(
  password: string,
  salt: Uint8Array,
  length: number,
  cost: Pick<PasswordHash, 'N' | 'r' | 'p'>,
): Promise<Buffer> {
  // What OpenSSL takes: 128 N r bytes, and some more.
  const options = { ...cost, maxmem: 256 * cost.N * cost.r };
  // The same text may be typed as different characters (NIST SP 800-63B 5.1.1.2).
  const text = password.normalize('NFKC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, length, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
