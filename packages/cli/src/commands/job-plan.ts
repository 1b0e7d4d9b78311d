import { writeFileDurably } from '@fedvox/base/system';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { DataSummary } from '@fedvox/job';
import type { Command } from 'commander';
import { fail } from '../errors.js';
import { prepareOutput } from '../output-file.js';
import { plannedJobText, planText } from '../plan-text.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';
import { wholeNumber } from './options.js';

interface JobPlanOptions extends OperatorOptions {
  /** GiB. */
  readonly memory: number;
  readonly output: string;
}

const GIB = 2 ** 30;

export function addJobPlan(job: Command, terminal: Terminal): void {
  const plan = job
    .command('plan <id>')
    .description(
      'propose a job by nnU-Net’s rules from what the sites of a job with `data.summary` have told of their data',
    )
    .option(
      '--memory <gib>',
      'what a step of training may take at the site that has the least',
      wholeNumber('--memory', 1),
      8,
    )
    .option('--output <file>', 'where the job goes', 'job.yaml');
  act<JobPlanOptions, [string]>(withOperator(plan), terminal, planForSites);
}

async function planForSites(output: Output, options: JobPlanOptions, id: string): Promise<void> {
  const { fingerprintOfSites, planJob } = await import('@fedvox/learning');
  const { memory, output: path } = options;
  await asOperator(options, async (client) => {
    const { jobSha256 } = await client.job(id);
    const { name, classes, data, seed } = await client.jobDefinition(jobSha256);
    if (data.summary === undefined) throw fail('no-summaries-asked', { job: id });
    const told = await summariesOf(client, id);
    if (told.size === 0) throw fail('no-summaries-told', { job: id });
    await prepareOutput(path);
    const fingerprint = fingerprintOfSites([...told.values()], data.modality);
    const plan = planJob(fingerprint, { name, classes, memoryBytes: memory * GIB, seed });
    await writeFileDurably(path, plannedJobText(plan));
    const sites = [...told.keys()].sort();
    output.result(
      { ...plan, path, sites: Object.fromEntries(told) },
      [`Told by ${sites.join(', ')}:`, planText(plan, fingerprint, path)].join('\n'),
    );
  });
}

/** The last that each site told, by its name. */
async function summariesOf(
  client: CoordinatorClient,
  id: string,
): Promise<ReadonlyMap<string, DataSummary>> {
  const { jobEvents } = await import('@fedvox/coordinator/client');
  const told = new Map<string, DataSummary>();
  for (const { fact } of await jobEvents(client, id)) {
    if (fact.kind === 'gate-reported' && fact.summary !== undefined) {
      told.set(fact.site, fact.summary);
    }
  }
  return told;
}
