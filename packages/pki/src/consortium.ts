import { createPrivateKey } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorText, isFedvoxError } from '@fedvox/base';
import { randomId, syncFolder, writeFileDurably } from '@fedvox/base/system';
import { type Authority, checkHosts, createAuthority, issueCertificate } from './authority.js';
import { hostsOf, readCertificate, readIdentity, toX509 } from './certificate.js';
import { fail } from './errors.js';
import type { Identity } from './identity.js';
import { readKeyFile } from './key-file.js';
import { createKeyPair } from './keys.js';

const AUTHORITY_DAYS = 3650;
const MEMBER_DAYS = 825;

export interface ConsortiumSpec {
  /** Made if it is missing; must be empty if it is not. */
  readonly folder: string;
  readonly federation: string;
  /** Every DNS name and IP address under which sites and operators reach the coordinator. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
  readonly authorityDays?: number;
  readonly memberDays?: number;
}

/** A member's certificate and its key, as the consortium folder holds them. */
export interface MemberFiles {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Consortium {
  readonly authority: Authority;
  readonly coordinator: MemberFiles;
  readonly operator: MemberFiles;
}

/**
 * Makes a consortium: `ca.pem`, `coordinator.pem` and `operator.pem`, each beside its `.key` (mode
 * 0600). The folder appears whole or not at all, and an existing one is never overwritten.
 * @throws FedvoxError `pki/consortium-exists`, `pki/name-invalid`, `pki/host-invalid`
 */
export async function initConsortium(spec: ConsortiumSpec): Promise<Consortium> {
  const folder = resolve(spec.folder);
  checkHosts(spec.hosts);
  await refuseIfOccupied(folder);
  const consortium = await createConsortium(spec);
  await mkdir(dirname(folder), { recursive: true });
  const draft = join(dirname(folder), `.consortium-${randomId()}`);
  await mkdir(draft, { mode: 0o700 });
  try {
    await writeMember(draft, 'ca', consortium.authority);
    await writeMember(draft, 'coordinator', consortium.coordinator);
    await writeMember(draft, 'operator', consortium.operator);
    // Renaming onto an empty folder succeeds and onto an occupied one fails: no race can overwrite.
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await refuseIfOccupied(folder);
    throw error;
  }
  await syncFolder(dirname(folder));
  return consortium;
}

/**
 * Reads a consortium whole: what it holds belongs together, so that nothing issued with it turns out
 * useless at a site.
 * @throws FedvoxError `pki/consortium-incomplete`, `pki/consortium-inconsistent`, `pki/key-exposed`
 */
export async function loadConsortium(folder: string): Promise<Consortium> {
  const authority = await readMember(folder, 'ca');
  const coordinator = await readMember(folder, 'coordinator');
  const operator = await readMember(folder, 'operator');
  checkMember(folder, 'ca', authority, authority);
  checkMember(folder, 'coordinator', coordinator, authority);
  checkMember(folder, 'operator', operator, authority);
  return { authority, coordinator, operator };
}

export interface ReissueSpec {
  readonly folder: string;
  readonly member: 'coordinator' | 'operator';
  /** Those of the present certificate where absent. */
  readonly hosts?: readonly string[];
  readonly nowMs: number;
  readonly memberDays?: number;
}

/**
 * Replaces a member's certificate and keeps its key: before the old one ends, or when the coordinator
 * moves to another address. Sites notice nothing: they trust the root and the role.
 * @throws FedvoxError as `loadConsortium` and `issueCertificate` do
 */
export async function reissueMember(spec: ReissueSpec): Promise<MemberFiles> {
  const { folder, member, nowMs } = spec;
  const consortium = await loadConsortium(folder);
  const { certificatePem, keyPem } = consortium[member];
  const present = readCertificate(certificatePem);
  const issued = await issueCertificate({
    authority: consortium.authority,
    identity: present.identity,
    publicKeyPem: present.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    hosts: spec.hosts ?? hostsOf(certificatePem),
    validDays: spec.memberDays ?? MEMBER_DAYS,
    nowMs,
  });
  await writeFileDurably(join(folder, `${member}.pem`), issued.certificatePem);
  return { certificatePem: issued.certificatePem, keyPem };
}

export interface RenewalSpec {
  readonly folder: string;
  /** The coordinator's from now on; those of its present certificate where absent. */
  readonly hosts?: readonly string[];
  /** Makes the operator a new key too: the old one is shut out at the coordinator's next start. */
  readonly newOperatorKey?: boolean;
  readonly nowMs: number;
  readonly memberDays?: number;
}

/**
 * Renews the certificates of coordinator and operator, ended or not. May be repeated after any crash.
 * @throws FedvoxError as `loadConsortium` and `issueCertificate` do
 */
export async function renewConsortium(spec: RenewalSpec): Promise<Omit<Consortium, 'authority'>> {
  const { folder, hosts, nowMs, memberDays } = spec;
  const terms = { folder, nowMs, ...(memberDays !== undefined && { memberDays }) };
  if (spec.newOperatorKey) await replaceOperator(spec);
  const operator = await reissueMember({ ...terms, member: 'operator' });
  const coordinator = await reissueMember({
    ...terms,
    member: 'coordinator',
    ...(hosts && { hosts }),
  });
  return { coordinator, operator };
}

/** Key first: whatever a crash leaves between the two is mended by doing it again. */
async function replaceOperator({ folder, nowMs, memberDays }: RenewalSpec): Promise<void> {
  const authority = await readMember(folder, 'ca');
  checkMember(folder, 'ca', authority, authority);
  const { certificatePem } = await readMember(folder, 'operator');
  const { privateKeyPem, publicKeyPem } = await createKeyPair();
  const issued = await issueCertificate({
    authority,
    identity: readIdentity(certificatePem),
    publicKeyPem,
    validDays: memberDays ?? MEMBER_DAYS,
    nowMs,
  });
  await writeMember(folder, 'operator', { ...issued, keyPem: privateKeyPem });
}

async function createConsortium(spec: ConsortiumSpec): Promise<Consortium> {
  const { federation, hosts, nowMs } = spec;
  const validDays = spec.memberDays ?? MEMBER_DAYS;
  const authority = await createAuthority({
    federation,
    validDays: spec.authorityDays ?? AUTHORITY_DAYS,
    nowMs,
  });
  const issue = async (identity: Identity, memberHosts: readonly string[]) => {
    const { privateKeyPem: keyPem, publicKeyPem } = await createKeyPair();
    const terms = { authority, publicKeyPem, identity, hosts: memberHosts, validDays, nowMs };
    return { certificatePem: (await issueCertificate(terms)).certificatePem, keyPem };
  };
  return {
    authority,
    coordinator: await issue({ federation, role: 'coordinator', name: 'coordinator' }, hosts),
    operator: await issue({ federation, role: 'operator', name: 'operator' }, []),
  };
}

async function refuseIfOccupied(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length > 0) throw fail('consortium-exists', { folder });
}

async function writeMember(folder: string, name: string, member: MemberFiles): Promise<void> {
  await writeFileDurably(join(folder, `${name}.key`), member.keyPem, { mode: 0o600 });
  await writeFileDurably(join(folder, `${name}.pem`), member.certificatePem);
}

async function readMember(folder: string, name: string): Promise<MemberFiles> {
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

type MemberName = 'ca' | 'coordinator' | 'operator';

function checkMember(
  folder: string,
  name: MemberName,
  { certificatePem, keyPem }: MemberFiles,
  authority: Authority,
): void {
  try {
    const certificate = toX509(certificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
      throw new Error(`${name}.key is not the key of ${name}.pem`);
    }
    if (!certificate.verify(toX509(authority.certificatePem).publicKey)) {
      throw new Error(`${name}.pem was not issued by ca.pem`);
    }
    if (name !== 'ca' && readIdentity(certificate).role !== name) {
      throw new Error(`${name}.pem is for another role`);
    }
  } catch (cause) {
    throw fail('consortium-inconsistent', { folder, reason: errorText(cause) }, { cause });
  }
}
