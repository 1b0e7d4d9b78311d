import { csvText, printableLine } from '@fedvox/base';
import type { ClassifiedScan, ClassifyOutcome } from '@fedvox/learning';
import { figure } from './figure.js';
import { counted, reasonLines } from './inspect-reasons.js';

type Refused = Extract<ClassifyOutcome, { kind: 'refused' }>;

/** A line for each scan: `case` as an evaluation or an inspection names it, and the probability of each class. */
export function classesCsv(scans: readonly ClassifiedScan[]): string {
  const names = Object.keys(scans[0]?.probabilities ?? {});
  const head = ['case', 'scan', 'predicted', ...names.map((name) => `probability_${name}`)];
  const rows = scans.map(({ caseId, what, predicted, probabilities }) => [
    ...[caseId, what, predicted],
    ...names.map((name) => probabilities[name] ?? null),
  ]);
  return csvText([head, ...rows]);
}

/** One of many scans, as it is done with, and how many are left. */
export function classifiedLine(outcome: ClassifyOutcome, left: number): string {
  const { what } = outcome;
  const said =
    outcome.kind === 'refused'
      ? `not classified: ${what}: ${outcome.reason}`
      : `${what}: ${outcome.predicted} (${figure(outcome.probabilities[outcome.predicted] ?? null)})`;
  return printableLine(`${said}; ${left} left`);
}

/** All of them together, and why what was refused was. */
export function classesText(
  path: string,
  classified: readonly ClassifiedScan[],
  refused: readonly Refused[],
): string {
  const all = counted(classified.length + refused.length, 'scan');
  const head = printableLine(`Wrote the classes of ${classified.length} of ${all} to ${path}`);
  if (refused.length === 0) return head;
  return [head, '', 'Not classified, and why:', ...reasonLines(refused)].join('\n');
}
