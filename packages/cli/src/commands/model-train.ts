import { type Job, METRICS } from '@fedvox/job';
import type { EpochReport, NoFigure } from '@fedvox/learning';
import type { Command } from 'commander';
import { evaluationText } from '../evaluation-text.js';
import { ResultSaysNo } from '../failure.js';
import { loadJob } from '../job-file.js';
import { prepareOutput } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { epochLine } from './epoch-line.js';
import { type LocalTaskOptions, localTask, withData, withLocalTask } from './local-task.js';
import { wholeNumber } from './options.js';

interface TrainOptions extends LocalTaskOptions {
  readonly epochs: number;
  readonly output: string;
}

export function addModelTrain(model: Command, terminal: Terminal): void {
  const train = withData(
    model
      .command('train <job>')
      .description('the same training on pooled data: what a federation is held against'),
  )
    .requiredOption('--epochs <n>', 'passes over the training cases', wholeNumber('--epochs', 1))
    .option('--output <file>', 'where the best checkpoint goes', 'model.safetensors');
  withLocalTask(train);
  act<TrainOptions, [string]>(train, terminal, trainModel);
}

async function trainModel(output: Output, options: TrainOptions, jobPath: string): Promise<void> {
  const { trainPooled } = await import('@fedvox/learning');
  const job = await loadJob(jobPath);
  await prepareOutput(options.output);
  const result = await trainPooled(await localTask(output, options, job), {
    epochs: options.epochs,
    output: options.output,
    onEpoch: (report) => output.progress(epochLine(report, options.epochs)),
  });
  const { epochs, best, unmeasured } = result;
  if (unmeasured !== undefined) {
    const { epoch, path, why } = unmeasured;
    output.result(
      { epochs, best, unmeasured: { epoch, path, why } },
      [
        `No best model: ${noFigureText(why, job)}.`,
        `  The last epoch's weights: ${path}`,
        `  ${options.output} was left as it was.`,
      ].join('\n'),
    );
    throw new ResultSaysNo();
  }
  const { epoch, path, sha256 } = best as NonNullable<typeof best>;
  const { evaluation } = epochs[epoch - 1] as EpochReport;
  output.result(
    { epochs, best: { epoch, path, sha256 } },
    `${evaluationText(evaluation, 'validation case(s)')}\nBest model: epoch ${epoch}\n  ${path}\n  sha256 ${sha256}`,
  );
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
