import { readFile, stat } from 'node:fs/promises';
import { errorText } from '@fedvox/base';
import { fail } from './errors.js';

/**
 * The Authorization header that a credentials file amounts to: one line, `basic USER:PASSWORD` or
 * `bearer TOKEN`.
 * @throws FedvoxError `pacs/credentials-unreadable`, `-exposed`, `-invalid`; none quotes the file
 */
export async function readAuthorization(path: string): Promise<string> {
  const text = await readConnectionFile(path);
  const mode = (await stat(path)).mode & 0o777;
  // Windows has no such bits; Node makes them up there.
  if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
    throw fail('credentials-exposed', { path, mode: mode.toString(8) });
  }
  const [, scheme, secret] = /^(basic|bearer) +(\S[^\r\n]*)\s*$/i.exec(text) ?? [];
  if (scheme === undefined || secret === undefined) throw fail('credentials-invalid', { path });
  if (scheme.toLowerCase() === 'bearer') {
    // RFC 6750 2.1.
    if (!/^[\w.~+/-]+=*$/.test(secret)) throw fail('credentials-invalid', { path });
    return `Bearer ${secret}`;
  }
  if (!secret.includes(':')) throw fail('credentials-invalid', { path });
  return `Basic ${Buffer.from(secret, 'utf8').toString('base64')}`;
}

/**
 * The text of a file that the connection needs: credentials, or certificates.
 * @throws FedvoxError `pacs/credentials-unreadable`
 */
export async function readConnectionFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw fail('credentials-unreadable', { path, reason: errorText(cause) }, { cause });
  });
}
