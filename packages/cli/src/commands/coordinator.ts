import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { aborted, serve } from './service.js';

export function addCoordinatorCommands(program: Command, terminal: Terminal): void {
  const coordinator = program.command('coordinator').description('run the coordinator');
  const start = coordinator
    .command('start')
    .description('serve sites and operators until stopped; continues every job that was running');
  serve(start, terminal, async (output, configPath, stop) => {
    const { loadCoordinatorConfig, startCoordinator } = await import('@fedvox/coordinator');
    const running = await startCoordinator(await loadCoordinatorConfig(configPath));
    const { federationPort, enrollmentPort, httpPort } = running;
    output.result(
      { federationPort, enrollmentPort, httpPort },
      `Serving sites on port ${federationPort}, enrolment on ${enrollmentPort}, operators on ${httpPort}.`,
    );
    await aborted(stop);
    await running.stop();
  });
}
