import { printableLine } from '@fedvox/base';
import type { InspectReport, Refusal, ScanReport } from '@fedvox/imaging';

export interface InspectCounts {
  readonly usable: number;
  /** Of those, with a label. */
  readonly trainable: number;
  readonly refused: number;
}

/** Scans are usable or refused; what else is refused (a listed case, a file) is counted with them. */
export function countsOf({ scans, refused }: InspectReport): InspectCounts {
  const usable = scans.filter((scan) => scan.usable).length;
  const others = refused.filter(({ code }) => !NOTICES.includes(code)).length;
  return {
    usable,
    trainable: scans.filter((scan) => scan.trainable).length,
    refused: scans.length - usable + others,
  };
}

export function summaryText(report: InspectReport): string {
  const { files, scans, otherFiles } = report;
  const { usable, refused } = countsOf(report);
  const others = otherFiles === 0 ? '' : `; ${counted(otherFiles, 'file')} of other kinds`;
  return `${counted(files, 'file')}, ${counted(scans.length, 'scan')}: ${usable} usable, ${refused} refused${others}`;
}

/** What is left out and costs nothing. */
const NOTICES: readonly string[] = [
  'imaging/duplicate-instance',
  'imaging/duplicate-case',
  'imaging/not-an-image',
  'imaging/own-prediction',
];

/** So many scans are named of those that share a reason; the others are counted. `--json` has all. */
const MOST_NAMED = 3;

/** A paragraph for each kind of reason: the first that have it, how many more, and what to do. */
export function reasonLines(reasons: readonly Refusal[]): string[] {
  const kinds = new Map(reasons.map(({ code, advice }) => [`${code} ${advice}`, { code, advice }]));
  return [...kinds.values()].flatMap(({ code, advice }) => {
    const alike = reasons.filter((each) => each.code === code && each.advice === advice);
    const more = alike.length - MOST_NAMED;
    return [
      ...alike
        .slice(0, MOST_NAMED)
        .map(({ what, reason }) => `  ${reasonText(what, reason, code)}`),
      ...(more > 0 ? [`  … and ${more} more (${alike.length} in all) (${code})`] : []),
      `    → ${printableLine(advice)}`,
    ];
  });
}

/** Most reasons name what they are about. */
function reasonText(what: string, reason: string, code?: string): string {
  const text = reason.includes(what) ? reason : `${what}: ${reason}`;
  return printableLine(code === undefined ? text : `${text} (${code})`);
}

/** Warnings that differ only in their scan are said of the first and counted. */
export function warningLines(scans: readonly ScanReport[]): string[] {
  const warnings = scans.flatMap(({ what, warnings }) =>
    warnings.map(({ reason: text }) => ({ what, text })),
  );
  const counts = new Map<string, { readonly first: string; readonly count: number }>();
  for (const { what, text } of warnings) {
    const named = `${what} `;
    const at = text.indexOf(named);
    const said = at < 0 ? text : text.slice(at + named.length);
    const { first, count } = counts.get(said) ?? { first: reasonText(what, text), count: 0 };
    counts.set(said, { first, count: count + 1 });
  }
  return [...counts.values()].map(({ first, count }) =>
    count === 1 ? `  ${first}` : `  ${first} (and of ${counted(count - 1, 'scan')} more)`,
  );
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
