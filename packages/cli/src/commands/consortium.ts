import type { Command } from 'commander';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { listOf } from './options.js';

interface InitOptions extends CommonOptions {
  readonly federation: string;
  readonly hosts: readonly string[];
  readonly dir: string;
  readonly operatorName: string;
  readonly operator?: string;
}

interface RenewOptions extends CommonOptions {
  readonly dir: string;
  readonly operator?: string;
  readonly hosts?: readonly string[];
  readonly newOperatorKey?: true;
}

export function addConsortiumCommands(program: Command, terminal: Terminal): void {
  const consortium = program.command('consortium').description('found a consortium, and renew it');
  const init = consortium
    .command('init')
    .description('make its root of trust, the coordinator’s certificate and the operator’s')
    .requiredOption('--federation <name>', 'name of the federation, e.g. "liver-study"')
    .requiredOption('--hosts <names>', 'names and addresses of the coordinator, by commas', listOf)
    .option('--dir <folder>', 'where to write it; must be empty or new', 'consortium')
    .option('--operator-name <name>', 'of whoever gives the first orders', 'operator')
    .option('--operator <folder>', 'where that one’s files go; DIR-operator where absent');
  act<InitOptions>(init, terminal, initFolders);
  const renew = consortium
    .command('renew')
    .description('new certificates for coordinator and operators, for the keys they have')
    .option('--hosts <names>', 'the coordinator’s from now on; as before where absent', listOf)
    .option('--new-operator-key', 'where the operator’s key may be in other hands')
    .option('--operator <folder>', 'an operator’s files on this host; DIR-operator where absent')
    .option('--dir <folder>', 'what "consortium init" wrote', 'consortium');
  act<RenewOptions>(renew, terminal, renewCertificates);
}

async function initFolders(output: Output, options: InitOptions): Promise<void> {
  const { initConsortium } = await import('@fedvox/pki');
  const { federation, hosts, dir: folder, operatorName } = options;
  const operatorFolder = options.operator ?? `${folder}-operator`;
  const nowMs = SURROUNDINGS.clock.nowMs();
  await initConsortium({ folder, operatorFolder, operatorName, federation, hosts, nowMs });
  output.result(
    { federation, folder, operatorFolder, operatorName },
    [
      `Consortium ${federation} is in ${folder}, for the coordinator’s host.`,
      `Keep ${folder}/ca.key safe: whoever holds it can admit anyone.`,
      `Operator ${operatorName}’s files are in ${operatorFolder}: move that folder to whoever gives orders.`,
    ].join('\n'),
  );
}

async function renewCertificates(output: Output, options: RenewOptions): Promise<void> {
  const { dayOf, hostsOf, readCertificate, renewConsortium } = await import('@fedvox/pki');
  const { dir: folder, hosts, operator, newOperatorKey = false } = options;
  const renewed = await renewConsortium({
    folder,
    newOperatorKey,
    nowMs: SURROUNDINGS.clock.nowMs(),
    ...(hosts && { hosts }),
    ...(operator && { operatorFolder: operator }),
  });
  const ends = (certificatePem: string) => dayOf(readCertificate(certificatePem).notAfterMs);
  const { coordinator, operatorFolder } = renewed;
  const names = hostsOf(coordinator.certificatePem);
  const until = ends(coordinator.certificatePem);
  const operators = renewed.operators.map(({ file, certificatePem }) => {
    const { name, role } = readCertificate(certificatePem).identity;
    return { name, role, certificate: `${folder}/${file}`, until: ends(certificatePem) };
  });
  output.result(
    { folder, hosts: names, coordinatorUntil: until, operators, operatorFolder },
    [
      `The coordinator’s certificate (${names.join(', ')}) lasts until ${until}.`,
      ...operators.map((each) => `That of ${each.role} ${each.name} lasts until ${each.until}.`),
      'Restart the coordinator now: it shows and knows the new ones from then on. Sites need nothing.',
      ...(operatorFolder === null ? [] : [`The one for the key in ${operatorFolder} lies there.`]),
      `Operators elsewhere whose certificate has ended take theirs from ${folder}/operators, as operator.pem.`,
    ].join('\n'),
  );
}
