import { type CertificateSource, toX509 } from './certificate.js';

/** A certificate is renewed when this part of its life is left, so that weeks of outage do no harm. */
const RENEWAL_FRACTION = 1 / 3;

/** Whether less than a third of the certificate's life is left. */
export function needsRenewal(certificate: CertificateSource, nowMs: number): boolean {
  const { validFrom, validTo } = toX509(certificate);
  const notAfterMs = Date.parse(validTo);
  const lifeMs = notAfterMs - Date.parse(validFrom);
  return notAfterMs - nowMs < lifeMs * RENEWAL_FRACTION;
}
