import { extname } from 'node:path';
import { csvText } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import type { CaseEvaluation, ToldClass } from '@fedvox/learning';
import { fail } from './errors.js';

/**
 * What writes the figures of every case to a file, as its name says.
 * @throws FedvoxError `cli/cases-format-unknown` at once, before there is anything to write
 */
export function casesFile(path: string): (cases: readonly CaseEvaluation[]) => Promise<void> {
  return tableFile(path, casesCsv);
}

/**
 * What writes a table of cases to a file, as CSV or JSON.
 * @throws FedvoxError `cli/cases-format-unknown` at once, before there is anything to write
 */
export function tableFile<Row>(
  path: string,
  csvOf: (rows: readonly Row[]) => string,
): (rows: readonly Row[]) => Promise<void> {
  const formats: Readonly<Record<string, typeof csvOf>> = {
    '.csv': csvOf,
    '.json': (rows) => `${JSON.stringify(rows, undefined, 2)}\n`,
  };
  const format = formats[extname(path).toLowerCase()];
  if (format === undefined) {
    throw fail('cases-format-unknown', { path, known: Object.keys(formats).join(' or ') });
  }
  return (rows) => writeFileDurably(path, format(rows));
}

/** A line for each case and class; of cases that are classified, a line for each. */
export function casesCsv(cases: readonly CaseEvaluation[]): string {
  const told = cases.flatMap(({ classified, ...one }) =>
    classified === undefined ? [] : [{ ...one, classified }],
  );
  return told.length > 0 ? classifiedCsv(told) : segmentedCsv(cases);
}

function classifiedCsv(cases: readonly (CaseEvaluation & { classified: ToldClass })[]): string {
  const names = Object.keys(cases[0]?.classified.probabilities ?? {});
  const head = [
    'case',
    'site',
    'class',
    'predicted',
    ...names.map((name) => `probability_${name}`),
  ];
  const rows = cases.map(
    ({ caseId, site, classified: { reference, predicted, probabilities } }) => [
      ...[caseId, site ?? null, reference, predicted],
      ...names.map((name) => probabilities[name] ?? null),
    ],
  );
  return csvText([head, ...rows]);
}

const haveLesions = (cases: readonly CaseEvaluation[]) =>
  cases.some(({ perClass }) => perClass.some(({ lesions }) => lesions !== undefined));

function segmentedCsv(cases: readonly CaseEvaluation[]): string {
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
    ...(haveLesions(cases) ? ['lesions', 'lesions_found', 'lesions_false'] : []),
  ];
  const rows = cases.flatMap(({ caseId, site, perClass }) =>
    perClass.map((one) => [
      caseId,
      site ?? null,
      one.name,
      one.dice,
      one.hd95Mm,
      one.referenceMl,
      one.predictedMl,
      one.surfaceDice,
      one.volumeError,
      ...(one.lesions === undefined
        ? []
        : [one.lesions.lesions, one.lesions.found, one.lesions.falsePositives]),
    ]),
  );
  return csvText([head, ...rows]);
}
