import { DataTable, words } from '@fedvox/desk/web';
import type { ReviewRow } from '../../src/review/review-contract.js';
import { figureOrNone } from '../amounts.js';
import { tell } from './review-language.js';

/** How far drawing and label agree, class by class. */
export function CaseFigures({ row: { perClass } }: { row: ReviewRow }) {
  const { none } = words.value.terms;
  const columns = [
    { title: tell('class') },
    ...(['dice', 'hd95', 'surface', 'labelMl', 'predictionMl', 'volume'] as const).map((word) => ({
      ...{ title: tell(word), isNumber: true },
    })),
  ];
  const rows = perClass.map((one) => ({
    key: one.name,
    cells: [
      one.name,
      figureOrNone(one.dice),
      one.hd95Mm?.toFixed(1) ?? none,
      figureOrNone(one.surfaceDice),
      one.referenceMl.toFixed(2),
      one.predictedMl.toFixed(2),
      one.volumeError === null ? none : `${(100 * one.volumeError).toFixed(0)} %`,
    ],
  }));
  return (
    <>
      <h3>{tell('figuresHere')}</h3>
      <DataTable name={tell('figuresHere')} columns={columns} rows={rows} />
    </>
  );
}
