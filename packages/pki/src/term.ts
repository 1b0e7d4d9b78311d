import { type CertificateSource, toX509 } from './certificate.js';

const DAY_MS = 86_400_000;
/** People are warned this long before a member's certificate ends. */
export const MEMBER_WARNING_DAYS = 60;
/** And this long before the root does: every site has to be enrolled under another one by then. */
export const AUTHORITY_WARNING_DAYS = 180;

/** Where a certificate stands in its life. */
export interface Term {
  readonly state: 'not-begun' | 'good' | 'ends-soon' | 'ended';
  readonly beginsAtMs: number;
  readonly endsAtMs: number;
}

export function termOf(certificate: CertificateSource, nowMs: number): Term {
  const { validFrom, validTo, ca } = toX509(certificate);
  const [beginsAtMs, endsAtMs] = [Date.parse(validFrom), Date.parse(validTo)];
  const warningMs = (ca ? AUTHORITY_WARNING_DAYS : MEMBER_WARNING_DAYS) * DAY_MS;
  if (nowMs < beginsAtMs) return { state: 'not-begun', beginsAtMs, endsAtMs };
  if (nowMs >= endsAtMs) return { state: 'ended', beginsAtMs, endsAtMs };
  const state = endsAtMs - nowMs < warningMs ? 'ends-soon' : 'good';
  return { state, beginsAtMs, endsAtMs };
}

/**
 * The warning that somebody has to act before a certificate ends, or undefined while nobody has.
 * @param whose how the sentence begins, e.g. "the coordinator's certificate"
 */
export function endWarning(
  whose: string,
  certificate: CertificateSource,
  nowMs: number,
): string | undefined {
  const { state, endsAtMs } = termOf(certificate, nowMs);
  if (state === 'ended') return `${whose} ended on ${dayOf(endsAtMs)}`;
  if (state !== 'ends-soon') return undefined;
  const days = Math.floor((endsAtMs - nowMs) / DAY_MS);
  return `${whose} ends on ${dayOf(endsAtMs)}, in ${days} ${days === 1 ? 'day' : 'days'}`;
}

/** `2027-03-01`, in UTC. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
