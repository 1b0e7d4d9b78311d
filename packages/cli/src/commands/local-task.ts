import type { Job } from '@fedvox/job';
import type { SeveralSites } from '@fedvox/learning';
import type { Command } from 'commander';
import type { Output } from '../terminal.js';
import { datasetsOf, type RuleOptions, withRules } from './dataset-option.js';
import { type EngineFlags, engineOf, progressTo, withEngine } from './engine-options.js';

/** What every task says over labelled folders that lie here. */
export interface LocalTaskOptions extends EngineFlags, RuleOptions {
  readonly data: readonly string[];
  readonly site?: readonly string[];
  readonly cache: string;
}

/** Which cases: first in a command's help, for nothing goes without them. */
export function withData(command: Command): Command {
  return command
    .requiredOption('--data <folders...>', 'DICOM folders, or folders with an MSD dataset.json')
    .option('--site <names...>', 'only the cases that dataset.json gives to these sites');
}

/** How they are read and computed with: last. */
export function withLocalTask(command: Command): Command {
  return withEngine(
    withRules(
      command.option('--cache <folder>', 'where preprocessed cases are kept', '.fedvox/cache'),
    ),
  );
}

/** The task's input, as the learning room takes it. */
export async function localTask(
  output: Output,
  options: LocalTaskOptions,
  job: Job,
): Promise<SeveralSites> {
  return {
    ...engineOf(options),
    job,
    datasets: await datasetsOf(options.data, options, options.site),
    cacheDir: options.cache,
    onProgress: progressTo(output),
  };
}
