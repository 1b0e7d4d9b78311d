import type { JobDetails } from '@fedvox/coordinator';
import { NOT_YET } from './figure.js';
import { table } from './table.js';

type Verdict = JobDetails['verdicts'][number];

/** Updates that were left out, flagged or decided about; undefined where there is none. */
export function verdictsText(verdicts: readonly Verdict[]): string | undefined {
  if (verdicts.length === 0) return undefined;
  const rows = verdicts.map((verdict) => [
    `${verdict.round}`,
    verdict.site,
    outcomeText(verdict),
    verdict.norm === null ? NOT_YET : verdict.norm.toPrecision(3),
    verdict.cosine?.toFixed(3) ?? NOT_YET,
    verdict.by ?? 'firewall',
  ]);
  return table(['round', 'site', 'verdict', 'norm', 'cosine', 'by'], rows);
}

function outcomeText({ reason, flags, by }: Verdict): string {
  const isReleased = reason === null && by !== null;
  const said = [
    ...(reason === null ? [] : [`quarantined: ${reason}`]),
    ...(isReleased ? ['released'] : []),
    ...flags,
  ];
  return said.join(', ');
}
