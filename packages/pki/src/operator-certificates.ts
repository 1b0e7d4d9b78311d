import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '@fedvox/base';
import { readIdentity, toX509 } from './certificate.js';
import { fail } from './errors.js';
import { ifPresent } from './key-file.js';

/** Where a consortium with several operators keeps the certificates of the others. */
const MORE_OPERATORS = 'operators';

/**
 * The certificates of everybody who may operate: `operator.pem` of the consortium's folder and, where
 * there are more of them, `operators/*.pem`. Their keys lie with the people, not here.
 * @throws FedvoxError `pki/consortium-incomplete`, `pki/consortium-inconsistent`
 */
export async function loadOperatorCertificates(folder: string): Promise<readonly string[]> {
  const caPem = await read(folder, 'ca.pem');
  const names = (await ifPresent(readdir(join(folder, MORE_OPERATORS)))) ?? [];
  const others = names.filter((name) => name.endsWith('.pem')).sort();
  const files = ['operator.pem', ...others.map((name) => join(MORE_OPERATORS, name))];
  const certificates: string[] = [];
  for (const file of files) {
    const certificatePem = await read(folder, file);
    checkOperator(folder, file, certificatePem, caPem);
    certificates.push(certificatePem);
  }
  return certificates;
}

async function read(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (cause) {
    throw fail('consortium-incomplete', { folder, file }, { cause });
  }
}

function checkOperator(folder: string, file: string, certificatePem: string, caPem: string): void {
  try {
    const certificate = toX509(certificatePem);
    const authority = toX509(caPem);
    if (!certificate.verify(authority.publicKey)) throw new Error(`${file} is of another root`);
    const { role } = readIdentity(certificate);
    if (role !== 'operator') throw new Error(`${file} is for the role ${role}`);
  } catch (cause) {
    throw fail('consortium-inconsistent', { folder, reason: errorText(cause) }, { cause });
  }
}
