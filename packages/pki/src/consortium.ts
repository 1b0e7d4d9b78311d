import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorText } from '@fedvox/base';
import { randomId, syncFolder, writeFileDurably } from '@fedvox/base/system';
import { type Authority, checkHosts, createAuthority, issueCertificate } from './authority.js';
import { hostsOf, readCertificate, readIdentity, toX509 } from './certificate.js';
import { fail } from './errors.js';
import { checkName, type Identity } from './identity.js';
import { createKeyPair } from './keys.js';
import { checkBelongsTogether, type MemberFiles, readMember, writeMember } from './member-files.js';
import { keepOperatorCertificate } from './operator-certificates.js';
import { saveOperator } from './operator-folder.js';

const AUTHORITY_DAYS = 3650;
export const MEMBER_DAYS = 825;
/** The first operator's name, where none is given. */
const OPERATOR_NAME = 'operator';

export interface ConsortiumSpec {
  /** Made if it is missing; must be empty if it is not. */
  readonly folder: string;
  /** Of the first operator's files: likewise; beside the other, with `-operator` behind its name, where absent. */
  readonly operatorFolder?: string;
  /** The first operator's name. */
  readonly operatorName?: string;
  readonly federation: string;
  /** Every DNS name and IP address under which sites and operators reach the coordinator. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
  readonly authorityDays?: number;
  readonly memberDays?: number;
}

/** What the coordinator's host holds. */
export interface Consortium {
  readonly authority: Authority;
  readonly coordinator: MemberFiles;
}

/** As it is founded: the first operator's files go to a person, and are not needed to start. */
export interface FoundedConsortium extends Consortium {
  readonly operator: MemberFiles;
}

/**
 * Makes a consortium: `ca.pem` and `coordinator.pem`, each beside its `.key` (mode 0600), and who may
 * operate in `operators/`; the operator's own files in a folder apart. Each folder appears whole or not
 * at all, and an existing one is never overwritten.
 * @throws FedvoxError `pki/consortium-exists`, `pki/name-invalid`, `pki/host-invalid`
 */
export async function initConsortium(spec: ConsortiumSpec): Promise<FoundedConsortium> {
  const folder = resolve(spec.folder);
  const operatorFolder = resolve(spec.operatorFolder ?? `${folder}-operator`);
  checkHosts(spec.hosts);
  checkName('operator', spec.operatorName ?? OPERATOR_NAME);
  for (const each of [folder, operatorFolder]) await refuseIfOccupied(each);
  const consortium = await createConsortium(spec);
  const { authority, coordinator, operator } = consortium;
  const caPem = authority.certificatePem;
  await appear(operatorFolder, (draft) => saveOperator(draft, { ...operator, caPem }));
  try {
    await appear(folder, async (draft) => {
      await writeMember(draft, 'ca', authority);
      await writeMember(draft, 'coordinator', coordinator);
      await keepOperatorCertificate(draft, operator.certificatePem);
    });
  } catch (error) {
    await rm(operatorFolder, { recursive: true, force: true });
    throw error;
  }
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
  checkMember(folder, 'ca', authority, authority);
  checkMember(folder, 'coordinator', coordinator, authority);
  return { authority, coordinator };
}

export interface ReissueSpec {
  readonly folder: string;
  /** Those of the present certificate where absent. */
  readonly hosts?: readonly string[];
  readonly nowMs: number;
  readonly memberDays?: number;
}

/**
 * Replaces the coordinator's certificate and keeps its key: before the old one ends, or when it moves
 * to another address. Sites notice nothing: they trust the root and the role.
 * @throws FedvoxError as `loadConsortium` and `issueCertificate` do
 */
export async function reissueCoordinator(spec: ReissueSpec): Promise<MemberFiles> {
  const { folder } = spec;
  const { authority, coordinator } = await loadConsortium(folder);
  const { certificatePem, keyPem } = coordinator;
  const hosts = spec.hosts ?? hostsOf(certificatePem);
  const reissued = await reissue(authority, certificatePem, { ...spec, hosts });
  await writeFileDurably(join(folder, 'coordinator.pem'), reissued);
  return { certificatePem: reissued, keyPem };
}

/** Another certificate for the same key and the same identity. */
export async function reissue(
  authority: Authority,
  certificatePem: string,
  { nowMs, memberDays = MEMBER_DAYS, hosts = [] }: Omit<ReissueSpec, 'folder'>,
): Promise<string> {
  const { identity, publicKey } = readCertificate(certificatePem);
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const terms = { authority, identity, publicKeyPem, hosts, validDays: memberDays, nowMs };
  return (await issueCertificate(terms)).certificatePem;
}

async function createConsortium(spec: ConsortiumSpec): Promise<FoundedConsortium> {
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
  const name = spec.operatorName ?? OPERATOR_NAME;
  return {
    authority,
    coordinator: await issue({ federation, role: 'coordinator', name: 'coordinator' }, hosts),
    operator: await issue({ federation, role: 'operator', name }, []),
  };
}

/** Makes a folder that appears with all that is written into it. */
async function appear(folder: string, write: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const draft = join(dirname(folder), `.consortium-${randomId()}`);
  await mkdir(draft, { mode: 0o700 });
  try {
    await write(draft);
    // Renaming onto an empty folder succeeds and onto an occupied one fails: no race can overwrite.
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await refuseIfOccupied(folder);
    throw error;
  }
  await syncFolder(dirname(folder));
}

async function refuseIfOccupied(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length > 0) throw fail('consortium-exists', { folder });
}

type MemberName = 'ca' | 'coordinator';

function checkMember(
  folder: string,
  name: MemberName,
  member: MemberFiles,
  authority: Authority,
): void {
  try {
    checkBelongsTogether(name, member, toX509(authority.certificatePem));
    if (name !== 'ca' && readIdentity(member.certificatePem).role !== name) {
      throw new Error(`${name}.pem is for another role`);
    }
  } catch (cause) {
    throw fail('consortium-inconsistent', { folder, reason: errorText(cause) }, { cause });
  }
}
