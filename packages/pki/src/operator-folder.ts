import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isFedvoxError } from '@fedvox/base';
import { makeFolder, writeFileDurably } from '@fedvox/base/system';
import { readIdentity, readPemChain, toX509 } from './certificate.js';
import { createCertificateRequest, requestToPem } from './certificate-request.js';
import { fail } from './errors.js';
import { isOperating } from './identity.js';
import { ifPresent, readKeyFile } from './key-file.js';
import { createKeyPair } from './keys.js';
import { checkBelongsTogether, type MemberFiles } from './member-files.js';

/** All that an operator or an observer needs to speak to the coordinator. */
export interface OperatorFiles extends MemberFiles {
  /** The consortium's root. */
  readonly caPem: string;
}

const [KEY_FILE, CERTIFICATE_FILE, CA_FILE] = ['operator.key', 'operator.pem', 'ca.pem'] as const;

/**
 * Where the files of the operator lie who founded the consortium: beside its folder. Consortia from
 * before operators had a folder of their own hold them within.
 */
export async function operatorFolderOf(consortium: string): Promise<string> {
  const within = await access(join(consortium, CERTIFICATE_FILE)).then(
    () => true,
    () => false,
  );
  return within ? consortium : `${consortium}-operator`;
}

/** @throws FedvoxError `pki/operator-incomplete`, `pki/operator-inconsistent`, `pki/key-exposed` */
export async function loadOperator(folder: string): Promise<OperatorFiles> {
  const files = {
    certificatePem: await read(folder, CERTIFICATE_FILE),
    keyPem: await read(folder, KEY_FILE),
    caPem: await read(folder, CA_FILE),
  };
  checkOperator(folder, files);
  return files;
}

/** Whether or not its key is the one beside it. @throws FedvoxError `pki/operator-incomplete` */
export function readOperatorCertificate(folder: string): Promise<string> {
  return read(folder, CERTIFICATE_FILE);
}

async function read(folder: string, file: string): Promise<string> {
  try {
    const path = join(folder, file);
    return await (file === KEY_FILE ? readKeyFile(path) : readFile(path, 'utf8'));
  } catch (cause) {
    if (isFedvoxError(cause)) throw cause;
    throw fail('operator-incomplete', { folder, file }, { cause });
  }
}

/** Writes them anew, or over a certificate that has the same key. */
export async function saveOperator(folder: string, files: OperatorFiles): Promise<void> {
  checkOperator(folder, files);
  await makeFolder(folder, 0o700);
  await writeFileDurably(join(folder, KEY_FILE), files.keyPem, { mode: 0o600 });
  await writeFileDurably(join(folder, CA_FILE), files.caPem);
  await writeFileDurably(join(folder, CERTIFICATE_FILE), files.certificatePem);
}

/**
 * Makes a key in the folder, or takes the one of an earlier request, and asks for a certificate for it:
 * a PKCS #10 request in PEM. The key stays where it is.
 * @throws FedvoxError `pki/operator-exists` where the folder has a certificate, `pki/name-invalid`
 */
export async function requestOperator(folder: string, name: string): Promise<string> {
  if ((await ifPresent(access(join(folder, CERTIFICATE_FILE)).then(() => true))) === true) {
    throw fail('operator-exists', { folder });
  }
  await makeFolder(folder, 0o700);
  const path = join(folder, KEY_FILE);
  let keyPem = await ifPresent(readKeyFile(path));
  if (keyPem === undefined) {
    keyPem = (await createKeyPair()).privateKeyPem;
    await writeFileDurably(path, keyPem, { mode: 0o600 });
  }
  return requestToPem(await createCertificateRequest({ keyPem, name }));
}

/**
 * Puts what was issued for the folder's key beside it.
 * @param chainPem the certificate, then the root
 * @throws FedvoxError `pki/operator-incomplete`, `pki/operator-inconsistent`, `pki/not-a-certificate`
 */
export async function acceptOperator(folder: string, chainPem: string): Promise<OperatorFiles> {
  const keyPem = await ifPresent(readKeyFile(join(folder, KEY_FILE)));
  if (keyPem === undefined) throw fail('operator-incomplete', { folder, file: KEY_FILE });
  const [own, root] = readPemChain(chainPem);
  const caPem = (root ?? own)!.toString();
  const files = { keyPem, certificatePem: own!.toString(), caPem };
  await saveOperator(folder, files);
  return files;
}

function checkOperator(folder: string, { caPem, ...own }: OperatorFiles): void {
  try {
    checkBelongsTogether('operator', own, toX509(caPem));
    const { role } = readIdentity(own.certificatePem);
    if (!isOperating(role)) throw new Error(`${CERTIFICATE_FILE} is for the role ${role}`);
  } catch (cause) {
    throw fail('operator-inconsistent', { folder, reason: errorText(cause) }, { cause });
  }
}
