import type { Language } from '@fedvox/report';
import type { Command } from 'commander';
import { prepareOutput } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { languageOption } from './language-option.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';

interface ReportOptions extends OperatorOptions {
  readonly output: string;
  readonly lang: Language;
}

export function addJobReport(job: Command, terminal: Terminal): void {
  const command = job
    .command('report <id>')
    .description('write a job as one HTML file: figures by round, sites, who answered when, facts')
    .requiredOption('--output <file>', 'where the report goes (HTML)')
    .addOption(languageOption());
  act<ReportOptions, [string]>(withOperator(command), terminal, reportJob);
}

async function reportJob(output: Output, options: ReportOptions, id: string): Promise<void> {
  const { writeFileDurably } = await import('@fedvox/base/system');
  const { jobEvents } = await import('@fedvox/coordinator/client');
  const { jobReport } = await import('@fedvox/report');
  const { output: path, lang } = options;
  await asOperator(options, async (client) => {
    const details = await client.job(id);
    const job = await client.jobDefinition(details.jobSha256);
    await prepareOutput(path);
    const events = await jobEvents(client, id);
    await writeFileDurably(path, jobReport({ details, job, events }, lang));
  });
  output.result({ job: id, output: path, lang }, `Wrote ${path}: open it in a browser.`);
}
