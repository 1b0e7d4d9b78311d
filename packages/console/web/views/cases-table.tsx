import { DataTable, words } from '@fedvox/desk/web';
import type { RoundCases } from '../../src/console-contract.js';
import { figureOrNone } from '../amounts.js';
import { say } from '../language.js';

type CaseRow = RoundCases['cases'][number];
const MOST_ROWS = 500;

/** How the last model did on each case here, the worst first: the ones to look at. */
export function CasesTable({ of: { round, cases } }: { of: RoundCases }) {
  const classes = [...new Set(cases.flatMap(({ perClass }) => perClass.map(({ name }) => name)))];
  const isOfCases = cases.some(({ classified }) => classified !== null);
  const columns = [
    { title: say('case') },
    ...(isOfCases ? [{ title: say('classHere') }, { title: say('classTold') }] : []),
    ...(isOfCases ? [] : [{ title: 'Dice', isNumber: true }]),
    ...classes.flatMap((name) => [
      { title: `${name}: Dice`, isNumber: true },
      { title: `${name}: HD95, mm`, isNumber: true },
    ]),
  ];
  const rows = worstFirst(cases).slice(0, MOST_ROWS);
  return (
    <details>
      <summary>{say('casesOf', { round, n: cases.length })}</summary>
      <p class="note">{say('casesNote')}</p>
      <DataTable
        name={say('casesOf', { round, n: cases.length })}
        columns={columns}
        rows={rows.map((one) => ({ key: one.caseId, cells: cellsOf(one, classes, isOfCases) }))}
      />
    </details>
  );
}

function worstFirst(cases: readonly CaseRow[]): CaseRow[] {
  const rank = ({ dice, classified }: CaseRow) =>
    classified === null ? (dice ?? 2) : Number(classified.reference === classified.predicted);
  return [...cases].sort((a, b) => rank(a) - rank(b) || a.caseId.localeCompare(b.caseId));
}

function cellsOf(
  { caseId, dice, perClass, classified }: CaseRow,
  classes: readonly string[],
  isOfCases: boolean,
) {
  const { none } = words.value.terms;
  return [
    caseId,
    ...(isOfCases ? [classified?.reference ?? none, classified?.predicted ?? none] : []),
    ...(isOfCases ? [] : [figureOrNone(dice)]),
    ...classes.flatMap((name) => {
      const own = perClass.find((each) => each.name === name);
      return [figureOrNone(own?.dice ?? null), own?.hd95Mm?.toFixed(1) ?? none];
    }),
  ];
}
