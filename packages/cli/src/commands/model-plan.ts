import { freemem } from 'node:os';
import { writeFileDurably } from '@fedvox/base/system';
import { nameSchema } from '@fedvox/job';
import type { Command } from 'commander';
import { fail } from '../errors.js';
import { prepareOutput } from '../output-file.js';
import { plannedJobText, planText } from '../plan-text.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { datasetsOf, type RuleOptions, withRules } from './dataset-option.js';
import { progressTo } from './engine-options.js';
import { withData } from './local-task.js';
import { wholeNumber } from './options.js';

interface PlanOptions extends CommonOptions, RuleOptions {
  readonly data: readonly string[];
  readonly site?: readonly string[];
  readonly classes: readonly string[];
  readonly name: string;
  /** GiB. */
  readonly memory?: number;
  readonly seed: number;
  readonly output: string;
}

const GIB = 2 ** 30;
/** Of the memory that is free, what a step of training may take where nobody says. */
const PART_OF_FREE = 0.6;
/** And at most: what nnU-Net plans for. */
const MOST_BYTES = 8 * GIB;

export function addModelPlan(model: Command, terminal: Terminal): void {
  const command = withData(
    model
      .command('plan')
      .description(
        'look at labelled scans, and propose a job by nnU-Net’s rules, with its reasons',
      ),
  )
    .requiredOption(
      '--classes <names...>',
      'the structures to find, in the order of their labels, without the background',
    )
    .option('--name <name>', 'the job’s', 'planned')
    .option(
      '--memory <gib>',
      'what a step of training may take; the larger part of what is free, at most 8, if absent',
      wholeNumber('--memory', 1),
    )
    .option('--seed <n>', 'the job’s', wholeNumber('--seed', 0), 1)
    .option('--output <file>', 'where the job goes', 'job.yaml');
  act<PlanOptions>(withRules(command), terminal, planFromData);
}

async function planFromData(output: Output, options: PlanOptions): Promise<void> {
  const { planJob, takeFingerprint } = await import('@fedvox/learning');
  const { name, seed, output: path, memory } = options;
  const classes = ['background', ...options.classes];
  const unfit = [name, ...classes].find((each) => !nameSchema.safeParse(each).success);
  if (unfit !== undefined) throw fail('name-unusable', { name: unfit });
  await prepareOutput(path);
  const fingerprint = await takeFingerprint({
    datasets: await datasetsOf(options.data, options, options.site),
    classes,
    onProgress: progressTo(output),
  });
  const memoryBytes =
    memory === undefined ? Math.min(MOST_BYTES, PART_OF_FREE * freemem()) : memory * GIB;
  const plan = planJob(fingerprint, { name, classes, memoryBytes, seed });
  await writeFileDurably(path, plannedJobText(plan));
  output.result({ ...plan, path, fingerprint }, planText(plan, fingerprint, path));
}
