import {
  type Credentials,
  createCertificateRequest,
  derChainToPem,
  loadOrCreatePendingKey,
  readIdentity,
  saveCredentials,
} from '@fedvox/pki';
import { fail } from '../errors.js';
import type { Line } from '../line/line.js';

/**
 * Gets a new certificate for a new key made here. The old credentials stay good until the new ones
 * are on disk, key and certificate in one rename; a request that was cut off is made again with the
 * same key.
 */
export async function renewCredentials(
  folder: string,
  current: Credentials,
  line: Line,
  signal: AbortSignal,
): Promise<Credentials> {
  const { federation, name } = current.identity;
  const keyPem = await loadOrCreatePendingKey(folder);
  const request = await createCertificateRequest({ keyPem, name });
  const certificateChainPem = derChainToPem(await line.renew(request, signal));
  const issued = readIdentity(certificateChainPem);
  if (issued.role !== 'site' || issued.name !== name || issued.federation !== federation) {
    const other = `${issued.role} ${issued.name} of ${issued.federation}`;
    throw fail('site-mismatch', { site: name, what: 'certificate issued', other });
  }
  return saveCredentials(folder, { keyPem, certificateChainPem, caPem: current.caPem });
}
