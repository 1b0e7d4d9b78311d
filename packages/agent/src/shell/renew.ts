import { type Clock, FedvoxError } from '@fedvox/base';
import {
  type Credentials,
  createCertificateRequest,
  derChainToPem,
  type Identity,
  identityUri,
  loadOrCreatePendingKey,
  needsRenewal,
  readCertificate,
  readIdentity,
  saveCredentials,
} from '@fedvox/pki';
import { fail } from '../errors.js';
import type { Line } from '../line/line.js';
import { clockWrong } from './clock-skew.js';

/**
 * Gets a new certificate for a new key made here. The old credentials stay good until the new ones
 * are on disk, key and certificate in one rename; a request that was cut off is made again with the
 * same key.
 * @throws FedvoxError `agent/renewal-unusable`, `agent/clock-wrong`, `refused/…`, `protocol/…`
 */
export async function renewCredentials(
  folder: string,
  current: Credentials,
  line: Line,
  clock: Clock,
  signal: AbortSignal,
): Promise<Credentials> {
  const keyPem = await loadOrCreatePendingKey(folder);
  const request = await createCertificateRequest({ keyPem, name: current.identity.name });
  const chain = await line.renew(request, signal);
  try {
    const certificateChainPem = derChainToPem(chain);
    checkSame(current.identity, readIdentity(certificateChainPem));
    checkFresh(certificateChainPem, clock.nowMs());
    return await saveCredentials(folder, { keyPem, certificateChainPem, caPem: current.caPem });
  } catch (cause) {
    // Whatever is wrong with the answer; a disk or a clock that fails is another matter.
    if (!(cause instanceof FedvoxError) || cause.code === 'agent/clock-wrong') throw cause;
    throw fail('renewal-unusable', { reason: cause.message }, { cause });
  }
}

/** One that is to be renewed as soon as it is made was made by another clock than this one. */
function checkFresh(certificateChainPem: string, nowMs: number): void {
  if (!needsRenewal(certificateChainPem, nowMs)) return;
  throw clockWrong(nowMs, readCertificate(certificateChainPem).notBeforeMs);
}

function checkSame(current: Identity, issued: Identity): void {
  if (identityUri(issued) === identityUri(current)) return;
  const other = identityUri(issued);
  throw fail('site-mismatch', { site: current.name, what: 'certificate issued', other });
}
