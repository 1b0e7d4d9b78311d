import type { FoundReview, ReviewRecord } from '@fedvox/learning/reviews';
import { describe, expect, it } from 'vitest';
import { saidOf, subjectOf, summaryOf } from './review-rows.js';
import type { VerdictEntry } from './verdict-log.js';

const caseOf = (caseId: string, dice: number | null) => ({
  ...{ caseId, dice, contentKey: caseId, perClass: [], prediction: '0001.nii.gz' },
});
const record: ReviewRecord = {
  ...{ atMs: 1, model: 'best.safetensors', modelSha256: 'a', job: 'liver', split: 'all' },
  classes: ['background', 'liver'],
  dataset: { kind: 'dicom', path: '/scans' },
  cases: [caseOf('good', 0.9), caseOf('nothing to find', null), caseOf('bad', 0.1)],
};
const review: FoundReview = { id: '0123456789abcdef', record };
const verdict = (verdict: VerdictEntry['verdict'], changes: Partial<VerdictEntry> = {}) => ({
  ...subjectOf(record, { caseId: 'bad' }),
  ...{ atMs: 5, reviewer: 'Dr Chen', note: '', correction: null, verdict, ...changes },
});

describe('the cases of a review', () => {
  it('come with the worst Dice first, and those with nothing to find last', () => {
    const { cases, classes } = summaryOf(review, []);
    expect(cases.map(({ caseId, index }) => [caseId, index])).toEqual([
      ...[
        ['bad', 2],
        ['good', 0],
        ['nothing to find', 1],
      ],
    ]);
    expect(classes).toEqual(['liver']);
  });

  it('have the last word that was said of them, and of no namesake or other model', () => {
    const entries = [
      verdict('rejected'),
      verdict('accepted', { note: 'on a second look' }),
      verdict('rejected', { dataPath: '/other-scans' }),
      verdict('rejected', { modelSha256: 'b' }),
      verdict('rejected', { caseId: 'good' }),
    ];
    const [bad, good, none] = summaryOf(review, entries).cases;
    expect(bad?.verdict).toMatchObject({ verdict: 'accepted', note: 'on a second look' });
    expect(good?.verdict?.verdict).toBe('rejected');
    expect(none?.verdict).toBeNull();
    expect(saidOf(entries, record, { caseId: 'bad' })).toHaveLength(2);
  });
});
