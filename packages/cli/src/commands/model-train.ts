import type { DatasetSpec } from '@fedvox/imaging';
import type { EpochReport } from '@fedvox/learning';
import type { Command } from 'commander';
import { figure } from '../figure.js';
import { prepareFolderOf } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { datasetOf, type LabelOption, withLabels } from './dataset-option.js';
import { type EngineOptions, engineOf, progressTo, withEngine } from './engine-options.js';
import { wholeNumber } from './options.js';

interface TrainOptions extends EngineOptions {
  readonly data: readonly string[];
  readonly site?: readonly string[];
  readonly label?: LabelOption;
  readonly epochs: number;
  readonly output: string;
  readonly cache: string;
}

export function addModelTrain(model: Command, terminal: Terminal): void {
  const train = model
    .command('train <job>')
    .description('the same training on pooled data: what a federation is held against')
    .requiredOption('--data <folders...>', 'DICOM folders, or folders with an MSD dataset.json')
    .option('--site <names...>', 'only the cases that dataset.json gives to these sites')
    .requiredOption('--epochs <n>', 'passes over the training cases', wholeNumber('--epochs', 1))
    .option('--output <file>', 'where the best checkpoint goes', 'model.safetensors')
    .option('--cache <folder>', 'where preprocessed cases are kept', '.fedvox/cache');
  withEngine(withLabels(train));
  act<TrainOptions, [string]>(train, terminal, trainModel);
}

async function trainModel(output: Output, options: TrainOptions, jobPath: string): Promise<void> {
  const { trainPooled } = await import('@fedvox/learning');
  const { loadJob } = await import('@fedvox/simulator');
  const job = await loadJob(jobPath);
  await prepareFolderOf(options.output);
  const result = await trainPooled(
    {
      ...engineOf(options),
      job,
      datasets: datasetsOf(options),
      cacheDir: options.cache,
      onProgress: progressTo(output),
    },
    {
      epochs: options.epochs,
      output: options.output,
      onEpoch: (report) => output.progress(epochLine(report, options.epochs)),
    },
  );
  const { epoch, sha256 } = result.best;
  output.result(
    { epochs: result.epochs, best: { epoch, path: options.output, sha256 } },
    `Best model: epoch ${epoch}\n  ${options.output}\n  sha256 ${sha256}`,
  );
}

/** One data set per folder and site: each is split as its site would split it in a federation. */
function datasetsOf({ data, site: sites, label }: TrainOptions): DatasetSpec[] {
  return data.flatMap((path) =>
    sites === undefined
      ? [datasetOf(path, label)]
      : sites.map((site) => datasetOf(path, label, site)),
  );
}

function epochLine({ epoch, meanLoss, volumesPerSecond, evaluation }: EpochReport, epochs: number) {
  return [
    `epoch ${epoch}/${epochs}`,
    `loss ${meanLoss.toFixed(3)}`,
    `Dice ${figure(evaluation.dice)}`,
    `AUC ${figure(evaluation.auc)}`,
    `${volumesPerSecond.toFixed(1)} volumes/s`,
  ].join('  ');
}
