import { extname } from 'node:path';
import { writeFileDurably } from '@fedvox/base/system';
import type { CaseEvaluation } from '@fedvox/learning';
import { csvText } from './csv.js';
import { fail } from './errors.js';

const FORMATS: Readonly<Record<string, (cases: readonly CaseEvaluation[]) => string>> = {
  '.csv': casesCsv,
  '.json': (cases) => `${JSON.stringify(cases, undefined, 2)}\n`,
};

/**
 * What writes the figures of every case to a file, as its name says.
 * @throws FedvoxError `cli/cases-format-unknown` at once, before there is anything to write
 */
export function casesFile(path: string): (cases: readonly CaseEvaluation[]) => Promise<void> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (format === undefined) {
    throw fail('cases-format-unknown', { path, known: Object.keys(FORMATS).join(' or ') });
  }
  return (cases) => writeFileDurably(path, format(cases));
}

/** A line for each case and class. */
export function casesCsv(cases: readonly CaseEvaluation[]): string {
  const head = [
    'case',
    'site',
    'class',
    'dice',
    'hd95_mm',
    'reference_ml',
    'predicted_ml',
    'surface_dice',
    'volume_error',
  ];
  const rows = cases.flatMap(({ caseId, site, perClass }) =>
    perClass.map(({ name, dice, hd95Mm, referenceMl, predictedMl, surfaceDice, volumeError }) => [
      caseId,
      site ?? null,
      name,
      dice,
      hd95Mm,
      referenceMl,
      predictedMl,
      surfaceDice,
      volumeError,
    ]),
  );
  return csvText([head, ...rows]);
}
