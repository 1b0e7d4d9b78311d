import type { Fingerprint, PlannedJob } from '@fedvox/learning';
import { Document, isCollection, isScalar, isSeq, visit } from 'yaml';

/** The job as a file that a person goes on with: each part that the data decided about with its reasons. */
export function plannedJobText({ job, reasons }: PlannedJob): string {
  const document = new Document(job);
  document.commentBefore =
    ' Proposed by `fedvox model plan`: a beginning, to be held against other jobs.\n What is asked of the federation is yours to say.';
  visit(document, {
    // What is short stays on one line: a list of numbers, and a step with all that it says.
    Collection: (key, node) => {
      node.flow = isSeq(node) ? node.items.every(isPlain) : typeof key === 'number';
    },
  });
  for (const [part, lines] of Object.entries(reasons)) {
    const node = document.get(part, true);
    if (isCollection(node)) node.commentBefore = lines.map((line) => ` ${line}`).join('\n');
  }
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

/** What was seen, what is proposed of it, and why. */
export function planText(
  { reasons, job }: PlannedJob,
  { cases, modality }: Fingerprint,
  path: string,
): string {
  return [
    `${cases} labelled case(s), ${modality ?? 'of an unknown modality'}: the job ${job.name}`,
    ...Object.values(reasons)
      .flat()
      .map((line) => `  ${line}`),
    `Written to ${path}. Try it: fedvox model train ${path} --data … --epochs 10`,
  ].join('\n');
}

/** A value, or a list of values. */
function isPlain(node: unknown): boolean {
  return isScalar(node) || (isSeq(node) && node.items.every(isScalar));
}
