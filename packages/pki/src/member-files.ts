import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFedvoxError } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { toX509 } from './certificate.js';
import { fail } from './errors.js';
import { readKeyFile } from './key-file.js';

/** A member's certificate and its key, as a folder holds them. */
export interface MemberFiles {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** As `NAME.pem` beside `NAME.key` (mode 0600). */
export async function writeMember(
  folder: string,
  name: string,
  { certificatePem, keyPem }: MemberFiles,
): Promise<void> {
  await writeFileDurably(join(folder, `${name}.key`), keyPem, { mode: 0o600 });
  await writeFileDurably(join(folder, `${name}.pem`), certificatePem);
}

/** @throws FedvoxError `pki/consortium-incomplete`, `pki/key-exposed` */
export async function readMember(folder: string, name: string): Promise<MemberFiles> {
  const whole = <T>(file: string, reading: Promise<T>) =>
    reading.catch((cause: unknown) => {
      if (isFedvoxError(cause)) throw cause;
      throw fail('consortium-incomplete', { folder, file }, { cause });
    });
  const [certificate, key] = [`${name}.pem`, `${name}.key`];
  return {
    certificatePem: await whole(certificate, readFile(join(folder, certificate), 'utf8')),
    keyPem: await whole(key, readKeyFile(join(folder, key))),
  };
}

/** @throws Error in plain words, for whoever says of which folder they are */
export function checkBelongsTogether(
  name: string,
  { certificatePem, keyPem }: MemberFiles,
  root: X509Certificate,
): void {
  const certificate = toX509(certificatePem);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new Error(`${name}.key is not the key of ${name}.pem`);
  }
  if (!certificate.verify(root.publicKey)) throw new Error(`${name}.pem was not issued by ca.pem`);
}
