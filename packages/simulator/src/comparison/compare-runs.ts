import { join } from 'node:path';
import { writeFileDurably } from '@fedvox/base/system';
import { type ComparisonRecord, comparisonReport, LANGUAGES } from '@fedvox/report';
import { fail } from '../errors.js';
import type { CompareSpec } from '../scenario/compare-schema.js';
import type { Plan } from '../scenario/plan.js';
import { comparisonCsv } from './comparison-csv.js';
import { type Described, recordOf } from './compose-record.js';
import { type ComparisonOptions, runComparison } from './run-comparison.js';

export interface WrittenComparison {
  readonly comparison: ComparisonRecord;
  /** Where the same lies for people, for programs and for spreadsheets. */
  readonly files: readonly string[];
}

/**
 * Runs a comparison to its report.
 * @throws FedvoxError `simulator/interrupted`, and as `runComparison`
 */
export async function compareRuns(
  plan: Plan,
  spec: CompareSpec,
  described: Described,
  options: ComparisonOptions,
): Promise<WrittenComparison> {
  const { folder, signal } = options;
  const compared = await runComparison(plan, spec, options).catch((cause: unknown) => {
    throw signal.aborted ? fail('interrupted', { folder }, { cause }) : cause;
  });
  const comparison = recordOf(compared, plan, spec, described);
  const files: string[] = [];
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFileDurably(path, text);
    files.push(path);
  };
  for (const language of LANGUAGES) {
    const suffix = language === 'en' ? '' : `.${language}`;
    await write(`comparison${suffix}.html`, comparisonReport(comparison, language));
  }
  await write('comparison.json', `${JSON.stringify(comparison, null, 2)}\n`);
  await write('comparison.csv', comparisonCsv(compared));
  return { comparison, files };
}
