import { metricTitles } from '@fedvox/job';
import type { EvaluationSplit } from '@fedvox/learning';
import type { Language } from '@fedvox/report';
import { type Command, Option } from 'commander';
import { casesFile } from '../cases-file.js';
import { evaluationText } from '../evaluation-text.js';
import { prepareOutput } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { datasetsOf, type RuleOptions, withRules } from './dataset-option.js';
import { type EngineFlags, engineOf, progressTo, withEngine } from './engine-options.js';
import { languageOption } from './language-option.js';
import { modelJob } from './model-job.js';

interface EvaluateOptions extends EngineFlags, RuleOptions {
  readonly site?: readonly string[];
  readonly job?: string;
  readonly model: string;
  readonly data: readonly string[];
  readonly cache: string;
  readonly split: EvaluationSplit;
  readonly cases?: string;
  readonly report?: string;
  readonly lang: Language;
}

export function addModelEvaluate(model: Command, terminal: Terminal): void {
  const evaluate = model
    .command('evaluate')
    .description(`${metricTitles()} of a model on the cases of one or several folders`)
    .requiredOption('--model <file>', 'the model (safetensors)')
    .requiredOption('--data <folders...>', 'DICOM folders, or folders with an MSD dataset.json')
    .option('--site <names...>', 'only the cases that dataset.json gives to these sites')
    .option('--job <file>', 'the job that made the model, where the model does not carry it')
    .addOption(
      new Option('--split <cases>', 'all cases, or those that the model’s training left out')
        .choices(['all', 'validation'])
        .default('all'),
    )
    .option('--cases <file>', 'write the figures of every case there (.csv or .json)')
    .option('--report <file>', 'write all as one HTML file: by class, by case, the worst first')
    .addOption(languageOption())
    .option('--cache <folder>', 'where preprocessed cases are kept', '.fedvox/cache');
  withEngine(withRules(evaluate));
  act<EvaluateOptions>(evaluate, terminal, evaluateModelFile);
}

async function evaluateModelFile(output: Output, options: EvaluateOptions): Promise<void> {
  const { evaluateSavedModel } = await import('@fedvox/learning');
  const { split, cases: casesPath, report: reportPath, lang } = options;
  const job = await modelJob(options.model, options.job);
  const writeCases = casesPath === undefined ? undefined : casesFile(casesPath);
  for (const path of [casesPath, reportPath]) if (path !== undefined) await prepareOutput(path);
  const { perCase, ...evaluation } = await evaluateSavedModel(
    {
      ...engineOf(options),
      job,
      datasets: await datasetsOf(options.data, options, options.site),
      cacheDir: options.cache,
      onProgress: progressTo(output),
    },
    options.model,
    split,
  );
  await writeCases?.(perCase);
  if (reportPath !== undefined) {
    const { sha256File, writeFileDurably } = await import('@fedvox/base/system');
    const { evaluationReport } = await import('@fedvox/report');
    const modelSha256 = await sha256File(options.model);
    const record = { job, modelSha256, split, evaluation: { ...evaluation, perCase } };
    await writeFileDurably(reportPath, evaluationReport(record, lang));
  }
  const cases =
    split === 'all'
      ? 'case(s), all there are: with cases that the model was trained on this flatters'
      : 'validation case(s)';
  const written = [casesPath, reportPath].filter((path) => path !== undefined);
  const files = {
    ...(casesPath && { cases: casesPath }),
    ...(reportPath && { report: reportPath }),
  };
  const lines = [evaluationText(evaluation, cases), ...written.map((path) => `Wrote ${path}.`)];
  output.result({ ...evaluation, split, ...files }, lines.join('\n'));
}
