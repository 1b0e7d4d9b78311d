import type { Command } from 'commander';
import { byteText } from '../byte-text.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { serve } from './service.js';

export function addCoordinatorCommands(program: Command, terminal: Terminal): void {
  const coordinator = program.command('coordinator').description('run the coordinator');
  const start = coordinator
    .command('start')
    .description('serve sites and operators until stopped; continues every job that was running');
  serve(start, terminal, async (output, configPath, stop) => {
    const { loadCoordinatorConfig, runCoordinator } = await import('@fedvox/coordinator');
    const config = await loadCoordinatorConfig(configPath);
    await runCoordinator(config, { signal: stop }, (ports) => {
      const { federationPort, enrollmentPort, httpPort } = ports;
      output.result(
        ports,
        `Serving sites on port ${federationPort}, enrolment on ${enrollmentPort}, operators on ${httpPort}.`,
      );
    });
  });
  addBackup(coordinator, terminal);
}

interface BackupOptions extends CommonOptions {
  readonly config: string;
  readonly output: string;
  readonly coordinator?: string;
}

function addBackup(coordinator: Command, terminal: Terminal): void {
  const backup = coordinator
    .command('backup')
    .description('copy its state as it stands at one moment, while it runs; on its own host')
    .requiredOption('--config <file>', 'the coordinator’s configuration (YAML)')
    .requiredOption('--output <folder>', 'where the copy goes; must be empty or new')
    .option('--coordinator <host:port>', 'where it serves operators, if not as configured');
  act<BackupOptions>(backup, terminal, async (output, { config, output: folder, ...where }) => {
    const { backUpCoordinator, loadCoordinatorConfig } = await import('@fedvox/coordinator');
    const loaded = await loadCoordinatorConfig(config);
    const report = await backUpCoordinator({
      config: loaded,
      folder,
      ...SURROUNDINGS,
      ...(where.coordinator && { address: where.coordinator }),
      onProgress: (done, total) => output.status(`${done} of ${total} files copied`),
    });
    const { blobs, bytes } = report;
    const isInBucket = typeof loaded.blobs === 'object';
    output.result(
      report,
      [
        `Wrote ${report.folder}: the database and ${blobs} files, ${byteText(bytes)}, each ${isInBucket ? 'found in the bucket, where it stays' : 'verified'}.`,
        'It can take the place of stateDir. The consortium’s folder, with its keys and revocations, is not in it.',
      ].join('\n'),
    );
  });
}
