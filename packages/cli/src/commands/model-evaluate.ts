import type { EvaluationSplit } from '@fedvox/learning';
import { type Command, Option } from 'commander';
import { evaluationText } from '../evaluation-text.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { datasetOf, type RuleOptions, withRules } from './dataset-option.js';
import { type EngineOptions, engineOf, progressTo, withEngine } from './engine-options.js';
import { modelJob } from './model-job.js';

interface EvaluateOptions extends EngineOptions, RuleOptions {
  readonly site?: string;
  readonly job?: string;
  readonly model: string;
  readonly data: string;
  readonly cache: string;
  readonly split: EvaluationSplit;
}

export function addModelEvaluate(model: Command, terminal: Terminal): void {
  const evaluate = model
    .command('evaluate')
    .description('Dice and AUC of a model on the cases of a folder')
    .requiredOption('--model <file>', 'the model (safetensors)')
    .requiredOption('--data <folder>', 'a DICOM folder, or a folder with an MSD dataset.json')
    .option('--site <name>', 'only the cases that dataset.json gives to this site')
    .option('--job <file>', 'the job that made the model, where the model does not carry it')
    .addOption(
      new Option('--split <cases>', 'all cases, or those that the model’s training left out')
        .choices(['all', 'validation'])
        .default('all'),
    )
    .option('--cache <folder>', 'where preprocessed cases are kept', '.fedvox/cache');
  withEngine(withRules(evaluate));
  act<EvaluateOptions>(evaluate, terminal, evaluateModelFile);
}

async function evaluateModelFile(output: Output, options: EvaluateOptions): Promise<void> {
  const { evaluateSavedModel } = await import('@fedvox/learning');
  const evaluation = await evaluateSavedModel(
    {
      ...engineOf(options),
      job: await modelJob(options.model, options.job),
      dataset: await datasetOf(options.data, options, options.site),
      cacheDir: options.cache,
      seedLabel: 'evaluation',
      onProgress: progressTo(output),
    },
    options.model,
    options.split,
  );
  const { split } = options;
  const cases =
    split === 'all'
      ? 'case(s), all there are: with cases that the model was trained on this flatters'
      : 'validation case(s)';
  output.result({ ...evaluation, split }, evaluationText(evaluation, cases));
}
