import { type Command, Option } from 'commander';
import { byteText } from '../byte-text.js';
import { ResultSaysNo } from '../failure.js';
import { findingLines } from '../finding-lines.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { listOf } from './options.js';
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
  addCheck(coordinator, terminal);
  addBackup(coordinator, terminal);
  addRestore(coordinator, terminal);
}

interface ConfigOptions extends CommonOptions {
  readonly config: string;
}

function addCheck(coordinator: Command, terminal: Terminal): void {
  const check = coordinator
    .command('check')
    .description('whether it could start, or runs well: certificates, ports, disk, database, clock')
    .requiredOption('--config <file>', 'the coordinator’s configuration (YAML)');
  act<ConfigOptions>(check, terminal, async (output, { config }) => {
    const { checkCoordinator, loadCoordinatorConfig } = await import('@fedvox/coordinator');
    const result = await checkCoordinator(await loadCoordinatorConfig(config), SURROUNDINGS);
    output.result(result, findingLines(result.lines).join('\n'));
    if (!result.ok) throw new ResultSaysNo();
  });
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
        'The consortium’s folder, with its keys and revocations, is not in it: copy that apart.',
      ].join('\n'),
    );
  });
}

interface RestoreOptions extends CommonOptions {
  readonly config: string;
  readonly backup: string;
  readonly revoked?: readonly string[];
  readonly noneRevoked?: true;
}

function addRestore(coordinator: Command, terminal: Terminal): void {
  const restore = coordinator
    .command('restore')
    .description('put a backup in the place of stateDir, verified; nobody revoked since is let in')
    .requiredOption('--config <file>', 'the coordinator’s configuration (YAML)')
    .requiredOption('--backup <folder>', 'what "coordinator backup" wrote')
    .option(
      '--revoked <names>',
      'all who were revoked since, where revocations.jsonl is lost',
      listOf,
    )
    .addOption(
      new Option('--none-revoked', 'nobody was, where revocations.jsonl is lost').conflicts(
        'revoked',
      ),
    );
  act<RestoreOptions>(restore, terminal, async (output, { config, backup, ...since }) => {
    const { loadCoordinatorConfig, restoreCoordinator } = await import('@fedvox/coordinator');
    const revokedSince = since.noneRevoked ? [] : since.revoked;
    const report = await restoreCoordinator({
      config: await loadCoordinatorConfig(config),
      backup,
      ...SURROUNDINGS,
      ...(revokedSince && { revokedSince }),
      onProgress: (done, total) => output.status(`${done} of ${total} files copied`),
    });
    const { folder, takenAt, blobs, bytes, revocationsSince } = report;
    output.result(
      report,
      [
        `Restored ${folder} as it was at ${takenAt}: the database and ${blobs} files, ${byteText(bytes)}, each verified.`,
        `${revocationsSince} revocations made since are in force. Start the coordinator.`,
        'Sites that enrolled or renewed since are refused as unknown: invite them again.',
      ].join('\n'),
    );
  });
}
