import type { Command } from 'commander';
import { byteText } from '../byte-text.js';
import { fail } from '../errors.js';
import { askLine, type Output, type Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';

interface DeleteOptions extends OperatorOptions {
  readonly confirm?: string;
}

export function addJobDelete(job: Command, terminal: Terminal): void {
  const command = job
    .command('delete <id>')
    .description('remove a job that has ended, with its models and deltas; asks for its name')
    .option('--confirm <name>', 'the job’s name, where nobody can be asked');
  act<DeleteOptions, [string]>(withOperator(command), terminal, deleteJob);
}

async function deleteJob(output: Output, options: DeleteOptions, id: string): Promise<void> {
  await asOperator(options, async (client) => {
    const { name } = await client.job(id);
    const typed = options.confirm ?? (await confirmation(output.terminal, id, name));
    if (typed === undefined) throw fail('not-confirmed', { id, name });
    const deleted = await client.deleteJob(id, typed);
    output.result(
      deleted,
      `Deleted ${id}: ${deleted.blobs} files, ${byteText(deleted.bytes)}. Its statements and receipts stay.`,
    );
  });
}

function confirmation(terminal: Terminal, id: string, name: string): Promise<string | undefined> {
  const question = `This removes ${id} with all its models and deltas, for good.\nType the job’s name (${name}) to go on: `;
  return askLine(terminal, question);
}
