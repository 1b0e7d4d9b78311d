import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { listOf } from './options.js';

interface InitOptions extends CommonOptions {
  readonly federation: string;
  readonly hosts: readonly string[];
  readonly dir: string;
}

export function addConsortiumCommands(program: Command, terminal: Terminal): void {
  const consortium = program.command('consortium').description('found a consortium');
  const init = consortium
    .command('init')
    .description('make its root of trust, the coordinator’s certificate and the operator’s')
    .requiredOption('--federation <name>', 'name of the federation, e.g. "liver-study"')
    .requiredOption('--hosts <names>', 'names and addresses of the coordinator, by commas', listOf)
    .option('--dir <folder>', 'where to write it; must be empty or new', 'consortium');
  act<InitOptions>(init, terminal, async (output, { federation, hosts, dir }) => {
    const { initConsortium } = await import('@fedvox/pki');
    await initConsortium({ folder: dir, federation, hosts, nowMs: Date.now() });
    output.result(
      { federation, folder: dir },
      `Consortium ${federation} is in ${dir}.\nKeep ${dir}/ca.key safe: whoever holds it can admit anyone.`,
    );
  });
}
