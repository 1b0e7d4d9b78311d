import { join } from 'node:path';
import { writeFileDurably } from '@fedvox/base/system';
import type { OperatorStatus } from '@fedvox/coordinator';
import type { OperatingRole } from '@fedvox/pki';
import { type Command, Option } from 'commander';
import { moment } from '../moment.js';
import { prepareFolderOf } from '../output-file.js';
import { readText } from '../read-text.js';
import { table } from '../table.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import {
  asOperator,
  type OperatorOptions,
  operatorFolder,
  withOperator,
} from './operator-options.js';

interface OwnOptions extends CommonOptions {
  readonly operator: string;
}

interface RequestOptions extends OwnOptions {
  readonly output?: string;
}

interface AdmitOptions extends OperatorOptions {
  readonly request: string;
  readonly role: OperatingRole;
  readonly output?: string;
}

/** Those of `@fedvox/pki`, which is loaded only when a command is carried out. */
const ROLES: Readonly<Record<OperatingRole, string>> = {
  operator: 'gives orders',
  observer: 'reads',
};

export function addOperatorCommands(program: Command, terminal: Terminal): void {
  const operator = program
    .command('operator')
    .description('who may give orders, who may read: admit them, list them, shut one out');
  const request = operator
    .command('request <name>')
    .description('for a new one, on a host of their own: make a key and ask to be admitted')
    .addOption(operatorFolder())
    .option('--output <file>', 'where the request goes; NAME.request.pem where absent');
  act<RequestOptions, [string]>(request, terminal, requestAdmission);
  const admit = operator
    .command('admit <name>')
    .description('issue a certificate for a request')
    .requiredOption('--request <file>', 'what the new one passed on')
    .addOption(
      new Option('--role <role>', 'observer reads, operator gives orders')
        .choices(Object.keys(ROLES))
        .default('observer'),
    )
    .option('--output <file>', 'where the certificate goes; NAME.pem where absent');
  act<AdmitOptions, [string]>(withOperator(admit), terminal, admitOne);
  const accept = operator
    .command('accept <certificate>')
    .description('for a new one: put what came back beside the key')
    .addOption(operatorFolder());
  act<OwnOptions, [string]>(accept, terminal, acceptCertificate);
  const list = operator.command('list').description('every operator and observer, how each stands');
  act<OperatorOptions>(withOperator(list), terminal, async (output, options) => {
    const all = await asOperator(options, (client) => client.operators());
    const head = ['name', 'role', 'standing', 'certificate ends', 'last seen'];
    output.result(all, table(head, all.map(row)));
  });
  const revoke = operator
    .command('revoke <name>')
    .description('shut one out, at once and for good');
  act<OperatorOptions, [string]>(withOperator(revoke), terminal, async (output, options, name) => {
    await asOperator(options, (client) => client.revokeOperator(name));
    output.result({ name, revoked: true }, `${name} is shut out.`);
  });
}

function row({ name, role, standing, certificateEndsAtMs, lastSeenAtMs }: OperatorStatus) {
  return [name, role, standing, moment(certificateEndsAtMs), moment(lastSeenAtMs)];
}

async function requestAdmission(
  output: Output,
  { operator: folder, output: path = '' }: RequestOptions,
  name: string,
): Promise<void> {
  const { requestOperator } = await import('@fedvox/pki');
  const request = path || `${name}.request.pem`;
  await prepareFolderOf(request);
  await writeFileDurably(request, await requestOperator(folder, name));
  output.result(
    { name, folder, request },
    [
      `Wrote ${request}: it holds nothing secret. Pass it to an operator, who runs`,
      `  fedvox operator admit ${name} --request ${request}`,
      `and passes a certificate back. Your key is ${join(folder, 'operator.key')}; it stays there.`,
    ].join('\n'),
  );
}

async function admitOne(output: Output, options: AdmitOptions, name: string): Promise<void> {
  const { role, output: path = `${name}.pem` } = options;
  const certificateRequestPem = await readText(options.request);
  await prepareFolderOf(path);
  const { certificatePem, caCertificatePem } = await asOperator(options, (client) =>
    client.admitOperator({ name, role, certificateRequestPem }),
  );
  await writeFileDurably(path, certificatePem + caCertificatePem);
  output.result(
    { name, role, certificate: path },
    [
      `${name} is admitted as ${role}: ${ROLES[role]}.`,
      `Pass ${path} back, by a way on which nobody can change it: it says whom to trust. There:`,
      `  fedvox operator accept ${path}`,
    ].join('\n'),
  );
}

async function acceptCertificate(
  output: Output,
  { operator: folder }: OwnOptions,
  path: string,
): Promise<void> {
  const { acceptOperator, readCertificate } = await import('@fedvox/pki');
  const { certificatePem } = await acceptOperator(folder, await readText(path));
  const { identity, notAfterMs } = readCertificate(certificatePem);
  const { name, role, federation } = identity;
  output.result(
    { name, role, federation, folder, validUntilMs: notAfterMs },
    `${folder} is ${role} ${name} of ${federation} until ${moment(notAfterMs)}.`,
  );
}
