import { join } from 'node:path';
import type { FoldResult } from '@fedvox/learning';
import type { Command } from 'commander';
import { evaluationText } from '../evaluation-text.js';
import { namedFigures } from '../figures-text.js';
import { loadJob } from '../job-file.js';
import { prepareOutput } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { epochLine } from './epoch-line.js';
import {
  type EvaluationFileOptions,
  evaluationFiles,
  withEvaluationFiles,
} from './evaluation-files.js';
import { type LocalTaskOptions, localTask, withData, withLocalTask } from './local-task.js';
import { wholeNumber } from './options.js';

interface CrossValidateOptions extends LocalTaskOptions, EvaluationFileOptions {
  readonly folds: number;
  readonly epochs: number;
  readonly output: string;
}

export function addModelCrossValidate(model: Command, terminal: Terminal): void {
  const command = withData(
    model
      .command('cross-validate <job>')
      .description(
        'train once for each fold, and measure every case by the model that did not see it',
      ),
  )
    .option('--folds <n>', 'parts that the cases are divided into', wholeNumber('--folds', 2), 5)
    .requiredOption('--epochs <n>', 'passes over the training cases', wholeNumber('--epochs', 1))
    .option('--output <folder>', 'where the folds’ models go', 'folds');
  withLocalTask(withEvaluationFiles(command));
  act<CrossValidateOptions, [string]>(command, terminal, crossValidateJob);
}

async function crossValidateJob(
  output: Output,
  options: CrossValidateOptions,
  jobPath: string,
): Promise<void> {
  const { crossValidate } = await import('@fedvox/learning');
  const { folds: count, epochs, output: outputDir } = options;
  const job = await loadJob(jobPath);
  await prepareOutput(join(outputDir, 'fold-1.safetensors'));
  const write = await evaluationFiles(options);
  const surfaceToleranceMm = options.surfaceTolerance;
  const task = { ...(await localTask(output, options, job)), surfaceToleranceMm };
  const { folds, evaluation } = await crossValidate(task, {
    ...{ folds: count, epochs, outputDir },
    onEpoch: (fold, report) =>
      output.progress(`fold ${fold}/${count}  ${epochLine(report, epochs)}`),
  });
  const { files, lines } = await write(evaluation, { job, modelSha256: null, split: 'validation' });
  const { perCase: _, ...figures } = evaluation;
  output.result(
    { ...figures, folds: folds.map(foldData), ...files },
    [
      ...folds.map(foldLine),
      evaluationText(evaluation, 'case(s), each by the model that was not trained on it'),
      ...lines,
    ].join('\n'),
  );
}

function foldData({ fold, result: { best }, evaluation }: FoldResult) {
  if (best === null || evaluation === null) return { fold, best: null };
  const { dice, auc, validationCases } = evaluation;
  return { fold, best, dice, auc, validationCases };
}

function foldLine({ fold, result: { best }, evaluation }: FoldResult): string {
  if (best === null || evaluation === null) return `fold ${fold}: no epoch could be measured`;
  const figures = namedFigures(evaluation).join(', ');
  return `fold ${fold}: ${figures} in ${evaluation.validationCases} case(s); epoch ${best.epoch}, ${best.path}`;
}
