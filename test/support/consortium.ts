import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKeyPair,
  type FoundedConsortium,
  initConsortium,
  issueCertificate,
  type KeyPair,
  type Role,
} from '@fedvox/pki';

export const FEDERATION = 'testfed';
export const SITES = ['east', 'north', 'south'] as const;

/** A real consortium in a temporary folder. Keys take seconds to make: one per test file. */
export interface TestConsortium {
  readonly folder: string;
  readonly consortium: FoundedConsortium;
  readonly siteKeys: ReadonlyMap<string, KeyPair>;
  remove(): Promise<void>;
}

export async function createTestConsortium(): Promise<TestConsortium> {
  const parent = await mkdtemp(join(tmpdir(), 'fedvox-consortium-'));
  const folder = join(parent, 'consortium');
  const [consortium, ...keys] = await Promise.all([
    initConsortium({ folder, federation: FEDERATION, hosts: ['localhost'], nowMs: Date.now() }),
    ...SITES.map(() => createKeyPair()),
  ]);
  return {
    folder,
    consortium,
    siteKeys: new Map(SITES.map((site, index) => [site, keys[index] as KeyPair])),
    remove: () => rm(parent, { recursive: true }),
  };
}

/** A certificate for any identity, past the coordinator: what an intruder with some key might hold. */
export async function issueFor(
  { consortium, siteKeys }: TestConsortium,
  role: Role,
  name: string,
): Promise<{ keyPem: string; certificateChainPem: string }> {
  const { privateKeyPem, publicKeyPem } = siteKeys.get('east') as KeyPair;
  const { certificatePem } = await issueCertificate({
    authority: consortium.authority,
    publicKeyPem,
    identity: { federation: FEDERATION, role, name },
    validDays: 1,
    nowMs: Date.now(),
  });
  return { keyPem: privateKeyPem, certificateChainPem: certificatePem };
}
