import { csvText } from '@fedvox/base';
import { diceOf } from './estimates.js';
import type { ComparedRuns } from './run-comparison.js';

const HEAD = ['variant', 'kind', 'seed', 'site', 'case', 'dice'] as const;

/** Every case of every run in a row of its own (RFC 4180): a spreadsheet makes of it what it likes. */
export function comparisonCsv(compared: readonly ComparedRuns[]): string {
  const rows = compared.flatMap(({ name, kind, runs }) =>
    runs.flatMap(({ seed, cases }) =>
      cases.map((one) => {
        const dice = diceOf([one]);
        return [name, kind, seed, one.site, one.caseId, Number.isNaN(dice) ? null : dice];
      }),
    ),
  );
  return csvText([HEAD, ...rows]);
}
