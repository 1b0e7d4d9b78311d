import { clockText, DataTable, words } from '@fedvox/desk/web';
import type { ReviewRow, ReviewSummary } from '../../src/review/review-contract.js';
import { figureOrNone } from '../amounts.js';
import { say } from '../language.js';
import { Facts } from '../parts/facts.js';
import { tell } from './review-language.js';
import { addressOf } from './review-places.js';

/** Tables of thousands of rows hold a browser up. */
const MOST_ROWS = 500;

/** The cases of a review, the worst first: the ones to look at. */
export function ReviewTable({ review }: { review: ReviewSummary }) {
  const { id, model, job, atMs, cases, classes, dataPath } = review;
  const looked = cases.filter(({ verdict }) => verdict !== null).length;
  const columns = [
    { title: tell('case') },
    { title: tell('dice'), isNumber: true },
    { title: tell('verdict') },
    ...classes.flatMap((name) => [
      { title: `${name}: ${tell('dice')}`, isNumber: true },
      { title: `${name}: ${tell('hd95')}`, isNumber: true },
      { title: `${name}: ${tell('labelMl')}`, isNumber: true },
      { title: `${name}: ${tell('predictionMl')}`, isNumber: true },
    ]),
  ];
  return (
    <section>
      <h2>{model}</h2>
      <Facts
        of={[
          [say('job'), job],
          [tell('data'), dataPath],
          [tell('review'), tell('evaluatedAt', { at: clockText(atMs), n: cases.length })],
          [tell('verdict'), tell('looked', { n: looked, of: cases.length })],
        ]}
      />
      <p class="note">
        {tell('worstFirst')} <a href={`/api/reviews/${id}/verdicts`}>{tell('saveCsv')}</a>
      </p>
      <DataTable
        name={model}
        columns={columns}
        rows={cases.slice(0, MOST_ROWS).map((row) => ({
          key: String(row.index),
          cells: cellsOf(row, id, classes),
        }))}
      />
      {cases.length > MOST_ROWS && (
        <p class="note">{say('firstOf', { n: MOST_ROWS, of: cases.length })}</p>
      )}
    </section>
  );
}

function cellsOf(
  { index, caseId, dice, perClass, verdict }: ReviewRow,
  review: string,
  classes: readonly string[],
) {
  return [
    <a key="case" href={addressOf({ review, index })}>
      {caseId}
    </a>,
    figureOrNone(dice),
    verdict && (
      <>
        {tell(`verdict-${verdict.verdict}`)} <span class="note">{verdict.reviewer}</span>
      </>
    ),
    ...classes.flatMap((name) => {
      const own = perClass.find((each) => each.name === name);
      return [
        figureOrNone(own?.dice ?? null),
        own?.hd95Mm?.toFixed(1) ?? words.value.terms.none,
        own?.referenceMl.toFixed(2) ?? '',
        own?.predictedMl.toFixed(2) ?? '',
      ];
    }),
  ];
}
