import { join } from 'node:path';
import { isFedvoxError } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { issueCertificate } from './authority.js';
import { readCertificate, readIdentity } from './certificate.js';
import { loadConsortium, MEMBER_DAYS, reissue, reissueCoordinator } from './consortium.js';
import { createKeyPair } from './keys.js';
import type { MemberFiles } from './member-files.js';
import { loadOperatorCertificates, type OperatorCertificate } from './operator-certificates.js';
import {
  loadOperator,
  type OperatorFiles,
  operatorFolderOf,
  readOperatorCertificate,
  saveOperator,
} from './operator-folder.js';

export interface RenewalSpec {
  readonly folder: string;
  /** Of an operator whose files lie on this host; beside the other where absent. */
  readonly operatorFolder?: string;
  /** The coordinator's from now on; those of its present certificate where absent. */
  readonly hosts?: readonly string[];
  /** Makes the operator of `operatorFolder` a new key too: the old one is shut out at the coordinator's next start. */
  readonly newOperatorKey?: boolean;
  readonly nowMs: number;
  readonly memberDays?: number;
}

export interface RenewedConsortium {
  readonly coordinator: MemberFiles;
  /** Of everybody who may operate, with the place in the consortium's folder. */
  readonly operators: readonly OperatorCertificate[];
  /** Where one of them has been put beside its key; null where none of the keys is here. */
  readonly operatorFolder: string | null;
}

/**
 * Renews the certificates of the coordinator and of everybody who may operate, ended or not. May be
 * repeated after any crash.
 * @throws FedvoxError as `loadConsortium`, `loadOperator` and `issueCertificate` do
 */
export async function renewConsortium(spec: RenewalSpec): Promise<RenewedConsortium> {
  const { folder, hosts, nowMs, memberDays } = spec;
  const operatorFolder = spec.operatorFolder ?? (await operatorFolderOf(folder));
  if (spec.newOperatorKey) await replaceKey({ ...spec, operatorFolder });
  const { authority } = await loadConsortium(folder);
  const terms = { nowMs, ...(memberDays !== undefined && { memberDays }) };
  const own = await ownFiles(operatorFolder);
  const operators: OperatorCertificate[] = [];
  let isHere = false;
  for (const { file, certificatePem: present } of await loadOperatorCertificates(folder)) {
    const certificatePem = await reissue(authority, present, terms);
    await writeFileDurably(join(folder, file), certificatePem);
    operators.push({ file, certificatePem });
    if (own === null || keyOf(own.certificatePem) !== keyOf(present)) continue;
    await saveOperator(operatorFolder, { ...own, certificatePem });
    isHere = true;
  }
  const coordinator = await reissueCoordinator({ folder, ...terms, ...(hosts && { hosts }) });
  return { coordinator, operators, operatorFolder: isHere ? operatorFolder : null };
}

const keyOf = (certificatePem: string) => readCertificate(certificatePem).keyId;

/** Null where this host has none, which is as it should be. */
async function ownFiles(operatorFolder: string): Promise<OperatorFiles | null> {
  try {
    return await loadOperator(operatorFolder);
  } catch (error) {
    if (isFedvoxError(error, 'pki/operator-incomplete')) return null;
    throw error;
  }
}

/** Who may operate first: whatever a crash leaves between the two is mended by doing it again. */
async function replaceKey(spec: RenewalSpec & { readonly operatorFolder: string }): Promise<void> {
  const { folder, operatorFolder, nowMs, memberDays = MEMBER_DAYS } = spec;
  const { authority } = await loadConsortium(folder);
  const identity = readIdentity(await readOperatorCertificate(operatorFolder));
  const present = (await loadOperatorCertificates(folder)).find(
    ({ certificatePem }) => readCertificate(certificatePem).identity.name === identity.name,
  );
  const { privateKeyPem: keyPem, publicKeyPem } = await createKeyPair();
  const terms = { authority, identity, publicKeyPem, validDays: memberDays, nowMs };
  const { certificatePem } = await issueCertificate(terms);
  const file = present?.file ?? join('operators', `${identity.name}.pem`);
  await writeFileDurably(join(folder, file), certificatePem);
  await saveOperator(operatorFolder, {
    keyPem,
    certificatePem,
    caPem: authority.certificatePem,
  });
}
