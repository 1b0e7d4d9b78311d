import { type Authority, createAuthority, createKeyPair, issueCertificate } from '@fedvox/pki';

/** A consortium of real certificates, as the operator of a test holds it. */
export interface TestConsortium {
  readonly federation: string;
  readonly authority: Authority;
  readonly coordinator: { readonly certificateChainPem: string; readonly keyPem: string };
}

const VALID_DAYS = 30;

/** Takes a second or two: RSA keys are made. Share it among the tests of a file. */
export async function makeConsortium(federation: string): Promise<TestConsortium> {
  const nowMs = Date.now();
  const authority = await createAuthority({ federation, validDays: VALID_DAYS, nowMs });
  const { privateKeyPem, publicKeyPem } = await createKeyPair();
  const { certificatePem } = await issueCertificate({
    authority,
    publicKeyPem,
    identity: { federation, role: 'coordinator', name: 'hub' },
    hosts: ['localhost'],
    validDays: VALID_DAYS,
    nowMs,
  });
  const coordinator = { certificateChainPem: certificatePem, keyPem: privateKeyPem };
  return { federation, authority, coordinator };
}
