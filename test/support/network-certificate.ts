import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { createAuthority, createKeyPair, issueCertificate } from '@fedvox/pki';

/** A hospital's certificate for a console on its network: files, and who vouches for it. */
export interface NetworkCertificate {
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly caPem: string;
}

/** @param hosts names and addresses by which browsers reach it */
export async function writeNetworkCertificate(
  folder: string,
  hosts: readonly string[],
): Promise<NetworkCertificate> {
  const nowMs = systemClock.nowMs();
  const authority = await createAuthority({ federation: 'hospital', validDays: 2, nowMs });
  const { privateKeyPem, publicKeyPem } = await createKeyPair();
  const identity = { federation: 'hospital', role: 'coordinator', name: 'console' } as const;
  const { certificatePem } = await issueCertificate({
    ...{ authority, publicKeyPem, identity, hosts, validDays: 1, nowMs },
  });
  const tls = { certificate: join(folder, 'console.pem'), key: join(folder, 'console.key') };
  await writeFile(tls.certificate, certificatePem);
  await writeFile(tls.key, privateKeyPem, { mode: 0o600 });
  return { tls, caPem: authority.certificatePem };
}
