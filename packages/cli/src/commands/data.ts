import { join } from 'node:path';
import { loadConfig } from '@fedvox/base';
import { jobSchema } from '@fedvox/job';
import type { Command } from 'commander';
import { fail } from '../errors.js';
import { ResultSaysNo } from '../failure.js';
import { inspectText } from '../inspect-text.js';
import { prepareFolderOf } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { addArchiveCommands } from './data-archive.js';
import { type LabelOption, withLabels } from './dataset-option.js';

interface InspectOptions extends CommonOptions {
  readonly job?: string;
  readonly label?: LabelOption;
  readonly png?: string;
  readonly predicted?: string;
}

export function addDataCommands(program: Command, terminal: Terminal): void {
  const data = program.command('data').description('look at scans before anyone trains on them');
  const inspect = data
    .command('inspect <path>')
    .description('what is in a folder, whether it would be accepted, and why not')
    .option('--job <file>', 'hold it against the classes of this job')
    .option(
      '--png <folder>',
      'draw each usable scan with its labels and predictions, to look at: 001.png, …',
    )
    .option(
      '--predicted <folder>',
      'NIfTI label maps that a model predicted, each named as its scan; a DICOM SEG is found by itself',
    );
  act<InspectOptions, [string]>(withLabels(inspect), terminal, inspectData);
  addArchiveCommands(data, terminal);
}

async function inspectData(output: Output, options: InspectOptions, path: string): Promise<void> {
  if (options.png !== undefined) await prepareFolderOf(join(options.png, '001.png'));
  const { inspectFolder } = await import('@fedvox/imaging');
  const report = await inspectFolder(path, {
    ...(options.job === undefined
      ? {}
      : { classes: (await loadConfig(options.job, jobSchema, 'job')).classes }),
    ...(options.label === undefined ? {} : { labels: options.label }),
    ...(options.png === undefined ? {} : { pngFolder: options.png }),
    ...(options.predicted === undefined ? {} : { predictedFolder: options.predicted }),
    onProgress: (done, total) => output.status(`read ${done} of ${total} scans`),
  });
  if (report.scans.length === 0 && report.refused.length === 0) {
    throw fail('no-scans', { path, files: report.files });
  }
  output.result(report, inspectText(report));
  if (!report.scans.some((scan) => scan.usable)) throw new ResultSaysNo();
}
