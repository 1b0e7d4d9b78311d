import { type CertificateSource, endWarning } from '@fedvox/pki';

export interface TermWarning {
  readonly text: string;
  readonly advice: string;
}

/** What ends soon although nothing at this site can renew it: told here too, so that somebody asks. */
export function termWarnings(
  coordinator: CertificateSource | undefined,
  caPem: string,
  nowMs: number,
): readonly TermWarning[] {
  const ofCoordinator =
    coordinator && endWarning('the coordinator’s certificate', coordinator, nowMs);
  const ofRoot = endWarning('the consortium’s root', caPem, nowMs);
  return [
    ...(ofCoordinator
      ? [{ text: ofCoordinator, advice: 'Ask the operator to run `fedvox consortium renew`.' }]
      : []),
    ...(ofRoot
      ? [{ text: ofRoot, advice: 'Ask the operator for an invitation of the next consortium.' }]
      : []),
  ];
}
