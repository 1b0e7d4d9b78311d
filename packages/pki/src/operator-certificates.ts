import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { readIdentity, toX509 } from './certificate.js';
import { fail } from './errors.js';
import { isOperating } from './identity.js';
import { ifPresent } from './key-file.js';

/** The certificates of everybody who may operate, by name; their keys lie with the people, not here. */
const OPERATORS_FOLDER = 'operators';
/** Where a consortium has its first operator's that was founded before operators had a folder. */
const EARLIER_OPERATOR = 'operator.pem';

/** One of them, with its place in the consortium's folder. */
export interface OperatorCertificate {
  readonly file: string;
  readonly certificatePem: string;
}

/**
 * Who may operate, by the consortium's folder.
 * @throws FedvoxError `pki/consortium-incomplete`, `pki/consortium-inconsistent`
 */
export async function loadOperatorCertificates(
  folder: string,
): Promise<readonly OperatorCertificate[]> {
  const caPem = await read(folder, 'ca.pem');
  const top = (await readdir(folder)).filter((name) => name === EARLIER_OPERATOR);
  const names = (await ifPresent(readdir(join(folder, OPERATORS_FOLDER)))) ?? [];
  const others = names.filter((name) => name.endsWith('.pem')).sort();
  const certificates: OperatorCertificate[] = [];
  for (const file of [...top, ...others.map((name) => join(OPERATORS_FOLDER, name))]) {
    const certificatePem = await read(folder, file);
    checkOperator(folder, file, certificatePem, caPem);
    certificates.push({ file, certificatePem });
  }
  return certificates;
}

/** Lets its holder operate from the next start on, in the place of what the name had before. */
export async function keepOperatorCertificate(
  folder: string,
  certificatePem: string,
): Promise<string> {
  const { name } = readIdentity(certificatePem);
  await mkdir(join(folder, OPERATORS_FOLDER), { recursive: true, mode: 0o700 });
  const file = join(OPERATORS_FOLDER, `${name}.pem`);
  await writeFileDurably(join(folder, file), certificatePem);
  return file;
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
    if (!isOperating(role)) throw new Error(`${file} is for the role ${role}`);
  } catch (cause) {
    throw fail('consortium-inconsistent', { folder, reason: errorText(cause) }, { cause });
  }
}
