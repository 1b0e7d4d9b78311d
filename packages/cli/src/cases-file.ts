import { extname } from 'node:path';
import { writeFileDurably } from '@fedvox/base/system';
import type { CaseEvaluation, ToldClass } from '@fedvox/learning';
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
