import type { JobNews } from '@fedvox/coordinator/client';
import type { Command } from 'commander';
import { duration } from '../duration.js';
import { ResultSaysNo } from '../failure.js';
import { jobText } from '../job-text.js';
import { activityText, newsText } from '../news-text.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { interruptible } from './interruptible.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';

export function addJobWatch(job: Command, terminal: Terminal): void {
  const watch = job
    .command('watch <id>')
    .description('follow a job to its end: each round’s time and figures; exit 0 if it completes');
  act<OperatorOptions, [string]>(withOperator(watch), terminal, watchJob);
}

async function watchJob(output: Output, options: OperatorOptions, id: string): Promise<void> {
  const job = await interruptible((signal) => follow(output, options, id, signal));
  const { status, reason, best } = job;
  output.result({ kind: 'ended', job: id, status, reason, best }, `\n${jobText(job)}`);
  if (status !== 'completed') throw new ResultSaysNo();
}

async function follow(output: Output, options: OperatorOptions, id: string, signal: AbortSignal) {
  const { followJob } = await import('@fedvox/coordinator/client');
  try {
    return await asOperator(options, (client) =>
      followJob(client, id, {
        clock: SURROUNDINGS.clock,
        jitter: SURROUNDINGS.chance.uniform,
        signal,
        onNews: (news) => tell(output, news),
        onLook: (job) => output.status(activityText(job)),
        onReconnect: (_, delayMs) =>
          output.progress(`no answer from the coordinator; again in ${duration(delayMs)}`),
      }),
    );
  } catch (error) {
    output.clearStatus();
    if (signal.aborted) throw new ResultSaysNo(); // the person had seen enough; the job goes on
    throw error;
  }
}

/** The lines are the command's result: a program gets every one as an object. */
function tell(output: Output, news: JobNews): void {
  const text = newsText(news);
  if (output.json || text !== null) output.result(news, text ?? '');
}
