import type { Command } from 'commander';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';

export function addJobInvite(job: Command, terminal: Terminal): void {
  const invite = job
    .command('invite <id> <site>')
    .description('take an enrolled site into a job that is under way: it joins the next round');
  act<OperatorOptions, [string, string]>(withOperator(invite), terminal, inviteToJob);
}

async function inviteToJob(
  output: Output,
  options: OperatorOptions,
  id: string,
  site: string,
): Promise<void> {
  const member = await asOperator(options, (client) => client.inviteToJob(id, site));
  const standing = member.standing.replaceAll('-', ' ');
  output.result({ job: id, ...member }, `Invited ${site} to ${id}: ${standing}.`);
}
