import type { JobSummary } from '@fedvox/coordinator';
import type { Command } from 'commander';
import { jobText } from '../job-text.js';
import { moment } from '../moment.js';
import { table } from '../table.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { addJobDelete } from './job-delete.js';
import { addJobInvite } from './job-invite.js';
import { addJobModel } from './job-model.js';
import { addJobPlan } from './job-plan.js';
import { addJobReport } from './job-report.js';
import { addJobSubmit } from './job-submit.js';
import { addJobVerdicts } from './job-verdicts.js';
import { addJobWatch } from './job-watch.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';

export function addJobCommands(program: Command, terminal: Terminal): void {
  const job = program.command('job').description('submit jobs and follow them');
  addJobSubmit(job, terminal);
  const list = job.command('list').description('every job and how far it is');
  act<OperatorOptions>(withOperator(list), terminal, listJobs);
  const show = job
    .command('show <id>')
    .description('rounds × sites, the best model, who is awaited');
  act<OperatorOptions, [string]>(withOperator(show), terminal, showJob);
  addJobWatch(job, terminal);
  addJobModel(job, terminal);
  addJobPlan(job, terminal);
  addJobReport(job, terminal);
  addJobInvite(job, terminal);
  addOrders(job, terminal);
  addJobVerdicts(job, terminal);
  addJobDelete(job, terminal);
}

/** What an operator can tell a job to do. */
function addOrders(job: Command, terminal: Terminal): void {
  const orders = [
    ['pause', 'stop giving out its tasks; nothing is lost', 'pauseJob'],
    ['resume', 'go on with a paused job, or one that failed for want of sites', 'resumeJob'],
    ['abort', 'end a job for good', 'abortJob'],
  ] as const;
  for (const [verb, description, call] of orders) {
    const command = withOperator(job.command(`${verb} <id>`).description(description));
    act<OperatorOptions, [string]>(command, terminal, async (output, options, id) => {
      const after = await asOperator(options, (client) => client[call](id));
      output.result(after, `Job ${id} is ${after.status}.`);
    });
  }
}

async function listJobs(output: Output, options: OperatorOptions): Promise<void> {
  const jobs = await asOperator(options, (client) => client.jobs());
  output.result(jobs, table(['job', 'status', 'round', 'submitted'], jobs.map(row)));
}

function row({ id, status, reason, round, totalRounds, submittedAtMs }: JobSummary): string[] {
  return [
    id,
    reason === null ? status : `${status}: ${reason}`,
    `${round}/${totalRounds}`,
    moment(submittedAtMs),
  ];
}

async function showJob(output: Output, options: OperatorOptions, id: string): Promise<void> {
  const job = await asOperator(options, (client) => client.job(id));
  output.result(job, jobText(job));
}
