import { writeFileDurably } from '@fedvox/base/system';
import type { Job } from '@fedvox/job';
import type { DetailedEvaluation, MeasuredOn } from '@fedvox/learning';
import type { Language } from '@fedvox/report';
import type { Command } from 'commander';
import { casesFile } from '../cases-file.js';
import { prepareOutput } from '../output-file.js';
import { languageOption } from './language-option.js';
import { millimetres, part } from './options.js';

/** Where an evaluation is written to, beside the terminal, and what a person may say of its figures. */
export interface EvaluationFileOptions {
  readonly cases?: string;
  readonly report?: string;
  readonly lang: Language;
  readonly surfaceTolerance: number;
  readonly specificity: number;
}

export function withEvaluationFiles(command: Command): Command {
  return command
    .option('--cases <file>', 'write the figures of every case there (.csv or .json)')
    .option('--report <file>', 'write all as one HTML file: by class, by case, the worst first')
    .addOption(languageOption())
    .option(
      '--surface-tolerance <mm>',
      'within which surface Dice counts two surfaces as one',
      millimetres('--surface-tolerance'),
      1,
    )
    .option(
      '--specificity <part>',
      'at which the sensitivity to a class of cases is given',
      part('--specificity'),
      0.9,
    );
}

/** What a report says of an evaluation. */
interface About {
  readonly job: Job;
  /** Null where the cases were measured by several models. */
  readonly modelSha256: string | null;
  readonly split: MeasuredOn;
}

/**
 * What writes them, once there is something to write; it answers where.
 * @throws FedvoxError `cli/cases-format-unknown`, `cli/folder-unwritable`, `cli/output-unwritable` before any work is done
 */
export async function evaluationFiles({
  cases,
  report,
  lang,
}: EvaluationFileOptions): Promise<
  (evaluation: DetailedEvaluation, about: About) => Promise<EvaluationFiles>
> {
  const writeCases = cases === undefined ? undefined : casesFile(cases);
  for (const path of [cases, report]) if (path !== undefined) await prepareOutput(path);
  return async (evaluation, about) => {
    await writeCases?.(evaluation.perCase);
    if (report !== undefined) {
      const { evaluationReport } = await import('@fedvox/report');
      await writeFileDurably(report, evaluationReport({ ...about, evaluation }, lang));
    }
    return {
      files: { ...(cases && { cases }), ...(report && { report }) },
      lines: [cases, report].flatMap((path) => (path === undefined ? [] : `Wrote ${path}.`)),
    };
  };
}

interface EvaluationFiles {
  readonly files: { readonly cases?: string; readonly report?: string };
  readonly lines: readonly string[];
}
