import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, scryptSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** A password, and what libsodium makes scrypt's cost of: `operations` and `memory` are its two limits. */
export interface Lock {
  readonly password: string;
  readonly operations: number;
  readonly memory: number;
  readonly cost: number;
}

/** A secret key in the form of `minisign -G -W`, so that tests have one where minisign is not. */
export async function writeSecretKey(path: string, id: string): Promise<void> {
  await writeKey(path, secretOf(id), Buffer.from('Ed\0\0B2', 'latin1'));
}

/** In the form of `minisign -G`, with limits that do not take it half a minute; wants Debian's b2sum. */
export async function writeLockedKey(path: string, id: string, lock: Lock): Promise<void> {
  const secret = secretOf(id);
  const signed = Buffer.concat([Buffer.from('Ed'), secret.subarray(0, 72)]);
  const { stdout } = spawnSync('b2sum', ['-l', '256'], { input: signed, encoding: 'utf8' });
  Buffer.from(stdout.slice(0, 64), 'hex').copy(secret, 72);
  const { password, operations, memory, cost } = lock;
  const salt = randomBytes(32);
  const stream = scryptSync(password, salt, secret.length, { cost, maxmem: 2 * memory });
  const limits = Buffer.alloc(16);
  limits.writeBigUInt64LE(BigInt(operations), 0);
  limits.writeBigUInt64LE(BigInt(memory), 8);
  const heading = Buffer.concat([Buffer.from('EdScB2', 'latin1'), salt, limits]);
  await writeKey(path, Buffer.from(secret.map((byte, at) => byte ^ (stream[at] ?? 0))), heading);
}

/** Its name, seed and public key, and room for the checksum. */
function secretOf(id: string): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const keys = [d, x].map((part) => Buffer.from(part, 'base64url'));
  return Buffer.concat([Buffer.from(id, 'hex').reverse(), ...keys, Buffer.alloc(32)]);
}

async function writeKey(path: string, secret: Buffer, heading: Buffer): Promise<void> {
  const encoded = Buffer.alloc(158);
  heading.copy(encoded);
  secret.copy(encoded, 54);
  await writeFile(path, `untrusted comment: secret key\n${encoded.toString('base64')}\n`);
}
