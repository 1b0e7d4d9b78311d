import { writeFileDurably } from '@fedvox/base/system';
import type { Command } from 'commander';
import { moment } from '../moment.js';
import { prepareFolderOf } from '../output-file.js';
import { sitesText } from '../sites-text.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';

interface InviteOptions extends OperatorOptions {
  readonly output?: string;
  readonly replace?: true;
}

export function addSiteCommands(program: Command, terminal: Terminal): void {
  const site = program.command('site').description('invite sites, list them, shut one out');
  const invite = site
    .command('invite <name>')
    .description('write an invitation: one use, to be passed on as one would a password')
    .option('--output <file>', 'where to write it; NAME.invitation.json where absent')
    .option(
      '--replace',
      'for a site that is enrolled: its old certificate ends when it enrols anew',
    );
  act<InviteOptions, [string]>(withOperator(invite), terminal, inviteSite);
  const list = site
    .command('list')
    .description('every site: invited, enrolled, away since when, revoked');
  act<OperatorOptions>(withOperator(list), terminal, listSites);
  const revoke = site.command('revoke <name>').description('shut a site out, at once and for good');
  act<OperatorOptions, [string]>(withOperator(revoke), terminal, revokeSite);
}

async function inviteSite(output: Output, options: InviteOptions, name: string): Promise<void> {
  const { createInvitation } = await import('@fedvox/pki');
  const { expiresAtMs, ...invitation } = await asOperator(options, (client) =>
    client.inviteSite(name, options.replace === true),
  );
  const expiresAt = new Date(expiresAtMs).toISOString();
  const path = options.output ?? `${name}.invitation.json`;
  await prepareFolderOf(path);
  await writeFileDurably(path, createInvitation({ ...invitation, expiresAt }), { mode: 0o600 });
  output.result(
    { site: name, invitation: path, expiresAt },
    [
      `Wrote ${path}: one use, until ${moment(expiresAtMs)}. It ends any earlier invitation of ${name}.`,
      ...(options.replace
        ? [`When ${name} enrols with it, its present certificate is revoked.`]
        : []),
      'Pass it on as you would a password.',
    ].join('\n'),
  );
}

async function listSites(output: Output, options: OperatorOptions): Promise<void> {
  const sites = await asOperator(options, (client) => client.sites());
  output.result(sites, sitesText(sites));
}

async function revokeSite(output: Output, options: OperatorOptions, name: string): Promise<void> {
  await asOperator(options, (client) => client.revokeSite(name));
  output.result({ site: name, revoked: true }, `${name} is shut out.`);
}
