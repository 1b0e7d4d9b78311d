import type { FoundReview, ReviewCase, ReviewRecord } from '@fedvox/learning/reviews';
import type { ReviewRow, ReviewSummary } from './review-contract.js';
import type { VerdictEntry } from './verdict-log.js';

/** A review as its page shows it, with the last that was said of each case. */
export function summaryOf(
  { id, record }: FoundReview,
  entries: readonly VerdictEntry[],
): ReviewSummary {
  const { atMs, model, modelSha256, job, split, dataset, classes } = record;
  return {
    ...{ id, atMs, model, modelSha256, job, split, dataPath: dataset.path },
    classes: classes.slice(1),
    cases: worstFirst(rowsOf(record, entries)),
  };
}

/** What a verdict is about, whichever evaluation of the model showed it. */
export function subjectOf(
  { modelSha256, job, dataset }: ReviewRecord,
  { caseId }: Pick<ReviewCase, 'caseId'>,
): Pick<VerdictEntry, 'modelSha256' | 'job' | 'dataPath' | 'caseId'> {
  return { modelSha256, job, dataPath: dataset.path, caseId };
}

/** All that was said of a case with a model, the first first. */
export function saidOf(
  entries: readonly VerdictEntry[],
  record: ReviewRecord,
  one: Pick<ReviewCase, 'caseId'>,
): VerdictEntry[] {
  const { modelSha256, dataPath, caseId } = subjectOf(record, one);
  return entries.filter(
    (entry) =>
      entry.modelSha256 === modelSha256 && entry.dataPath === dataPath && entry.caseId === caseId,
  );
}

function rowsOf(record: ReviewRecord, entries: readonly VerdictEntry[]): ReviewRow[] {
  return record.cases.map((one, index) => {
    const { caseId, dice, perClass } = one;
    return { index, caseId, dice, perClass, verdict: saidOf(entries, record, one).at(-1) ?? null };
  });
}

/** Where there was nothing to find, Dice says nothing: last. */
function worstFirst(rows: readonly ReviewRow[]): ReviewRow[] {
  return rows.toSorted((a, b) => (a.dice ?? 2) - (b.dice ?? 2) || a.index - b.index);
}
