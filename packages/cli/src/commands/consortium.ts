import type { Command } from 'commander';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { listOf } from './options.js';

interface InitOptions extends CommonOptions {
  readonly federation: string;
  readonly hosts: readonly string[];
  readonly dir: string;
}

interface RenewOptions extends CommonOptions {
  readonly dir: string;
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
    .option('--dir <folder>', 'where to write it; must be empty or new', 'consortium');
  act<InitOptions>(init, terminal, async (output, { federation, hosts, dir }) => {
    const { initConsortium } = await import('@fedvox/pki');
    await initConsortium({ folder: dir, federation, hosts, nowMs: SURROUNDINGS.clock.nowMs() });
    output.result(
      { federation, folder: dir },
      `Consortium ${federation} is in ${dir}.\nKeep ${dir}/ca.key safe: whoever holds it can admit anyone.`,
    );
  });
  const renew = consortium
    .command('renew')
    .description('new certificates for coordinator and operator, for the keys they have')
    .option('--hosts <names>', 'the coordinator’s from now on; as before where absent', listOf)
    .option('--new-operator-key', 'where the operator’s key may be in other hands')
    .option('--dir <folder>', 'what "consortium init" wrote', 'consortium');
  act<RenewOptions>(renew, terminal, renewCertificates);
}

async function renewCertificates(output: Output, options: RenewOptions): Promise<void> {
  const { dayOf, hostsOf, readCertificate, renewConsortium } = await import('@fedvox/pki');
  const { dir: folder, hosts, newOperatorKey = false } = options;
  const nowMs = SURROUNDINGS.clock.nowMs();
  const renewed = await renewConsortium({ folder, newOperatorKey, nowMs, ...(hosts && { hosts }) });
  const ends = (member: 'coordinator' | 'operator') =>
    dayOf(readCertificate(renewed[member].certificatePem).notAfterMs);
  const names = hostsOf(renewed.coordinator.certificatePem);
  output.result(
    {
      folder,
      hosts: names,
      coordinatorUntil: ends('coordinator'),
      operatorUntil: ends('operator'),
    },
    [
      `The coordinator’s certificate (${names.join(', ')}) lasts until ${ends('coordinator')}, the operator’s until ${ends('operator')}.`,
      'Restart the coordinator now: it shows and knows the new ones from then on. Sites need nothing.',
      `Operators elsewhere copy ${folder}/operator.pem${newOperatorKey ? ' and operator.key' : ''}.`,
    ].join('\n'),
  );
}
