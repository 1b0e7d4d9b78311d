import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { randomId, syncFolder, writeFileDurably } from '@fedvox/base';
import { type Authority, createAuthority, issueCertificate } from './authority.js';
import { fail } from './errors.js';
import type { Identity } from './identity.js';
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

/** @throws FedvoxError `pki/consortium-incomplete` */
export async function loadConsortium(folder: string): Promise<Consortium> {
  return {
    authority: await readMember(folder, 'ca'),
    coordinator: await readMember(folder, 'coordinator'),
    operator: await readMember(folder, 'operator'),
  };
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
  const read = (file: string) =>
    readFile(join(folder, file), 'utf8').catch((cause: unknown) => {
      throw fail('consortium-incomplete', { folder, file }, { cause });
    });
  return { certificatePem: await read(`${name}.pem`), keyPem: await read(`${name}.key`) };
}
