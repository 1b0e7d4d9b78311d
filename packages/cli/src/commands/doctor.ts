import type { Command } from 'commander';
import { ResultSaysNo } from '../failure.js';
import { findingLines } from '../finding-lines.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';

interface DoctorOptions extends CommonOptions {
  readonly config?: string;
}

export function addDoctorCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('what this machine has and lacks: processor, engine, memory, disk, coordinator')
    .option(
      '--config <file>',
      'a site’s or a coordinator’s configuration, to look at what it needs',
    );
  act<DoctorOptions>(command, terminal, async (output, { config }) => {
    const { doctor } = await import('@fedvox/installation');
    const report = await doctor({
      ...SURROUNDINGS,
      configPath: config,
      environment: terminal.environment,
      folder: process.cwd(),
    });
    output.result(report, findingLines(report.lines).join('\n'));
    if (!report.ok) throw new ResultSaysNo();
  });
}
