import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartedFrom } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { Job } from '@fedvox/job';
import { type Command, Option } from 'commander';
import { fail } from '../errors.js';
import { NOT_YET } from '../figure.js';
import { loadJob } from '../job-file.js';
import { table } from '../table.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';
import { wholeNumber } from './options.js';

interface SubmitOptions extends OperatorOptions {
  readonly warmStart?: string;
  readonly warmStartJob?: string;
  readonly round?: number;
  readonly dryRun?: true;
}

export function addJobSubmit(job: Command, terminal: Terminal): void {
  const submit = job
    .command('submit <job>')
    .description('check a job, make its first model, hand both in')
    .option('--dry-run', 'check everything, say whom the job would invite, and hand nothing in')
    .option(
      '--warm-start <file>',
      'begin with the weights of this model (safetensors, or a state dict of PyTorch)',
    )
    .addOption(
      new Option(
        '--warm-start-job <id>',
        'begin with the best model of this job, or with that of --round',
      ).conflicts('warmStart'),
    )
    .option(
      '--round <n>',
      'the model that this round of --warm-start-job made',
      wholeNumber('--round', 0),
    );
  act<SubmitOptions, [string]>(withOperator(submit), terminal, submitJob);
}

async function submitJob(output: Output, options: SubmitOptions, path: string): Promise<void> {
  const { warmStartJob, round } = options;
  if (round !== undefined && warmStartJob === undefined) throw fail('round-of-no-job', { round });
  const job = await loadJob(path);
  if (options.dryRun) return forecast(output, options, job);
  const { id, startedFrom } = await asOperator(options, async (client) => {
    const { model, startedFrom } = await beginning(client, job, options);
    return { ...(await client.submitWithModel(job, model, startedFrom)), startedFrom };
  });
  const from = startedFrom === undefined ? {} : { startedFrom };
  const origin = startedFrom?.kind === 'job' ? `, from round ${startedFrom.round}'s model` : '';
  output.result({ id, job: job.name, ...from }, `Submitted ${job.name} as ${id}${origin}.`);
}

async function forecast(output: Output, options: SubmitOptions, job: Job): Promise<void> {
  const { sites } = await asOperator(options, async (client) => {
    await beginning(client, job, options);
    return client.checkJob(job);
  });
  const nobody = sites.length > 0 && sites.every(({ figures }) => figures === 'withheld');
  const warning =
    'Every site withheld its figures when it last passed a gate: no best model could be chosen.';
  const text = [
    `${job.name} can be submitted; nothing was handed in. It would invite:`,
    '',
    table(
      ['site', 'figures at its last gate'],
      sites.map(({ site, figures }) => [site, figures ?? NOT_YET]),
    ),
    ...(nobody ? ['', warning] : []),
  ];
  output.result({ job: job.name, sites }, text.join('\n'));
}

interface Beginning {
  readonly model: Uint8Array;
  readonly startedFrom?: StartedFrom;
}

async function beginning(
  client: CoordinatorClient,
  job: Job,
  { warmStart, warmStartJob, round }: SubmitOptions,
): Promise<Beginning> {
  const { firstModel, givenModel } = await import('@fedvox/learning');
  if (warmStart !== undefined) {
    return { model: await givenModel(job, warmStart), startedFrom: { kind: 'file' } };
  }
  if (warmStartJob === undefined) return { model: firstModel(job) };
  const { chooseModel } = await import('@fedvox/coordinator/client');
  const chosen = chooseModel(await client.job(warmStartJob), round);
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-warm-start-'));
  try {
    const path = join(folder, `${warmStartJob}-round-${chosen.round}.safetensors`);
    await client.getBlob(chosen.sha256, path);
    const startedFrom = { kind: 'job', job: warmStartJob, round: chosen.round } as const;
    return { model: await givenModel(job, path), startedFrom };
  } finally {
    await rm(folder, { recursive: true });
  }
}
