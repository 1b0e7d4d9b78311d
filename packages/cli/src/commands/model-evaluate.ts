import { sha256File } from '@fedvox/base/system';
import { metricTitles } from '@fedvox/job';
import type { EvaluationSplit } from '@fedvox/learning';
import { type Command, Option } from 'commander';
import { evaluationText } from '../evaluation-text.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import {
  type EvaluationFileOptions,
  evaluationFiles,
  withEvaluationFiles,
} from './evaluation-files.js';
import { type LocalTaskOptions, localTask, withData, withLocalTask } from './local-task.js';
import { modelJob } from './model-job.js';

interface EvaluateOptions extends LocalTaskOptions, EvaluationFileOptions {
  readonly job?: string;
  readonly model: string;
  readonly split: EvaluationSplit;
}

export function addModelEvaluate(model: Command, terminal: Terminal): void {
  const evaluate = withData(
    model
      .command('evaluate')
      .description(`${metricTitles()} of a model on the cases of one or several folders`)
      .requiredOption(
        '--model <file>',
        'the model (safetensors, or a state dict of PyTorch with --job)',
      ),
  )
    .option('--job <file>', 'the job that made the model, where the model does not carry it')
    .addOption(
      new Option('--split <cases>', 'all cases, or those that the model’s training left out')
        .choices(['all', 'validation'])
        .default('all'),
    );
  withLocalTask(withEvaluationFiles(evaluate));
  act<EvaluateOptions>(evaluate, terminal, evaluateModelFile);
}

async function evaluateModelFile(output: Output, options: EvaluateOptions): Promise<void> {
  const { evaluateSavedModel } = await import('@fedvox/learning');
  const { split } = options;
  const job = await modelJob(options.model, options.job);
  const write = await evaluationFiles(options);
  const evaluation = await evaluateSavedModel(
    {
      ...(await localTask(output, options, job)),
      surfaceToleranceMm: options.surfaceTolerance,
      specificity: options.specificity,
    },
    options.model,
    split,
  );
  const modelSha256 = await sha256File(options.model);
  const { files, lines } = await write(evaluation, { job, modelSha256, split });
  const cases =
    split === 'all'
      ? 'case(s), all there are: with cases that the model was trained on this flatters'
      : 'validation case(s)';
  const { perCase: _, ...figures } = evaluation;
  output.result(
    { ...figures, split, ...files },
    [evaluationText(evaluation, cases), ...lines].join('\n'),
  );
}
