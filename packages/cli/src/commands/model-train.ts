import { type Job, METRICS } from '@fedvox/job';
import type { EpochReport, NoFigure, Progress, TrainingPlace } from '@fedvox/learning';
import type { Command } from 'commander';
import { evaluationText } from '../evaluation-text.js';
import { ResultSaysNo } from '../failure.js';
import { HistoryFile } from '../history-file.js';
import { loadJob } from '../job-file.js';
import { prepareOutput } from '../output-file.js';
import { SURROUNDINGS } from '../surroundings.js';
import { TensorBoardLog } from '../tensorboard/tensorboard-log.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { datasetsOf } from './dataset-option.js';
import { epochTeller } from './epoch-line.js';
import { type LocalTaskOptions, localTask, withData, withLocalTask } from './local-task.js';
import { wholeNumber } from './options.js';

interface TrainOptions extends LocalTaskOptions {
  readonly epochs: number;
  readonly output: string;
  readonly checkpoint?: string;
  readonly checkpointEvery?: number;
  readonly resume?: true;
  readonly patience?: number;
  readonly history?: string;
  readonly tensorboard?: string;
  readonly test?: readonly string[];
}

export function addModelTrain(model: Command, terminal: Terminal): void {
  const train = withData(
    model
      .command('train <job>')
      .description('the same training on pooled data: what a federation is held against'),
  )
    .requiredOption('--epochs <n>', 'passes over the training cases', wholeNumber('--epochs', 1))
    .option('--output <file>', 'where the best model goes', 'model.safetensors')
    .option('--resume', 'go on where a training was cut off, to the same bytes')
    .option(
      '--checkpoint <file>',
      'where its state lies until it has ended; OUTPUT.checkpoint.safetensors where absent',
    )
    .option(
      '--checkpoint-every <n>',
      'keep it every so many steps too, not only after each epoch',
      wholeNumber('--checkpoint-every', 1),
    )
    .option(
      '--patience <n>',
      'end once so many epochs in a row were none the best',
      wholeNumber('--patience', 1),
    )
    .option('--history <file>', 'write loss and figures of every epoch there, as CSV')
    .option('--tensorboard <folder>', 'write losses, learning rate and figures there as events')
    .option(
      '--test <folders...>',
      'an external test set, which the best model is measured on at the end',
    );
  withLocalTask(train);
  act<TrainOptions, [string]>(train, terminal, trainModel);
}

async function trainModel(output: Output, options: TrainOptions, jobPath: string): Promise<void> {
  const { checkTestData, testSavedModel, trainPooled } = await import('@fedvox/learning');
  const job = await loadJob(jobPath);
  const { output: modelPath, history, tensorboard } = options;
  const checkpoint = checkpointOf(options);
  for (const path of [modelPath, checkpoint.path, history]) {
    if (path !== undefined) await prepareOutput(path);
  }
  const tell = epochTeller(output, options.epochs, SURROUNDINGS.clock);
  const told = history === undefined ? undefined : new HistoryFile(history);
  const { clock } = SURROUNDINGS;
  const events =
    tensorboard === undefined ? undefined : await TensorBoardLog.in(tensorboard, clock);
  const task = await localTask(output, options, job);
  const onProgress = (progress: Progress) => {
    task.onProgress?.(progress);
    events?.batch(progress);
  };
  const test =
    options.test === undefined
      ? undefined
      : { ...task, datasets: await datasetsOf(options.test, options), trainedOn: task.datasets };
  if (test !== undefined) output.progress(`${await checkTestData(test)} case(s) to test on`);
  const result = await trainPooled(
    { ...task, onProgress },
    {
      epochs: options.epochs,
      output: modelPath,
      checkpoint: {
        ...checkpoint,
        onResume: async (place, reports) => {
          output.progress(resumedText(place));
          await told?.add(...reports);
        },
      },
      ...(options.patience === undefined ? {} : { patience: options.patience }),
      onEpoch: async (report) => {
        tell(report);
        events?.epoch(report);
        await told?.add(report);
      },
    },
  );
  const { epochs, best, unmeasured } = result;
  if (epochs.length < options.epochs) {
    output.progress(`Ended early: none of the last ${options.patience} epoch(s) was the best`);
  }
  if (unmeasured !== undefined) {
    const { epoch, path, why } = unmeasured;
    output.result(
      { epochs, best, unmeasured: { epoch, path, why } },
      [
        `No best model: ${noFigureText(why, job)}.`,
        `  The last epoch's weights: ${path}`,
        `  ${modelPath} was left as it was.`,
      ].join('\n'),
    );
    throw new ResultSaysNo();
  }
  const { epoch, path, sha256 } = best as NonNullable<typeof best>;
  const { evaluation } = epochs[epoch - 1] as EpochReport;
  const tested = test === undefined ? undefined : await testSavedModel(test, path);
  const { perCase: _, ...figures } = tested ?? { perCase: [] };
  output.result(
    { epochs, best: { epoch, path, sha256 }, ...(tested && { test: figures }) },
    [
      evaluationText(evaluation, 'validation case(s)'),
      ...(tested === undefined ? [] : [evaluationText(tested, 'case(s) of an external test set')]),
      `Best model: epoch ${epoch}`,
      `  ${path}`,
      `  sha256 ${sha256}`,
    ].join('\n'),
  );
}

/** Beside the model, unless it is said where. */
function checkpointOf({ output, checkpoint, checkpointEvery, resume }: TrainOptions) {
  return {
    path: checkpoint ?? `${output.replace(/\.safetensors$/, '')}.checkpoint.safetensors`,
    ...(checkpointEvery === undefined ? {} : { everySteps: checkpointEvery }),
    resume: resume === true,
  };
}

function resumedText({ epoch, batches }: TrainingPlace): string {
  return `Going on in epoch ${epoch}${batches === 0 ? '' : ` after ${batches} batch(es)`}`;
}

function noFigureText(why: NoFigure, { evaluation }: Job): string {
  const { title, nothingFound } = METRICS[evaluation.bestBy];
  switch (why) {
    case 'undefined':
      return 'the job’s metric is undefined in every epoch, as the validation cases have no class to find or, for the AUC, are all of one kind';
    case 'nothing-found':
      return `no epoch found anything in the validation cases: their ${title} is ${nothingFound}`;
  }
}
