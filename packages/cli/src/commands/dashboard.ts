import type { Command } from 'commander';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { interruptible } from './interruptible.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';
import { wholeNumber } from './options.js';
import { serveDesk } from './serve-desk.js';

interface DashboardOptions extends OperatorOptions {
  readonly port?: number;
}

export function addDashboardCommand(program: Command, terminal: Terminal): void {
  const dashboard = program
    .command('dashboard')
    .description('jobs, sites and models in a browser on this machine, until it is stopped')
    .option('--port <n>', 'where it listens, on 127.0.0.1 only', wholeNumber('--port', 1));
  act<DashboardOptions>(withOperator(dashboard), terminal, (output, options) =>
    interruptible((signal) => serveDashboard(output, options, signal)),
  );
}

/** Serves an operator's pages until the signal aborts. */
export async function serveDashboard(
  output: Output,
  { port, ...options }: DashboardOptions,
  signal: AbortSignal,
): Promise<void> {
  const { createLogger } = await import('@fedvox/base/system');
  const { startDashboard } = await import('@fedvox/dashboard');
  await asOperator(options, async (client, certificatePem) => {
    // Whoever may not look, or dials the wrong port, learns it here and not in a browser.
    await client.jobs();
    const desk = await startDashboard({
      client,
      coordinator: options.coordinator,
      certificatePem,
      firstModel: async (job) => (await import('@fedvox/learning')).firstModel(job),
      clock: SURROUNDINGS.clock,
      log: createLogger({ name: 'dashboard', level: 'warn' }),
      ...(port !== undefined && { port }),
    });
    await serveDesk(output, desk, signal);
  });
}
