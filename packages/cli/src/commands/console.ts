import type { Command } from 'commander';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { addPeopleCommand } from './console-people.js';
import { interruptible } from './interruptible.js';
import { wholeNumber } from './options.js';
import { serveDesk } from './serve-desk.js';

interface ConsoleOptions extends CommonOptions {
  readonly config: string;
  readonly port?: number;
}

export function addConsoleCommand(program: Command, terminal: Terminal): void {
  const console = program
    .command('console')
    .description(
      'what the agent does, what left, what the data are and what models draw of them, in a browser on this machine',
    )
    .requiredOption('--config <file>', 'the site’s configuration (YAML)')
    .option(
      '--port <n>',
      'where it listens; beyond 127.0.0.1 as the configuration says',
      wholeNumber('--port', 1),
    );
  act<ConsoleOptions>(console, terminal, (output, options) =>
    interruptible((signal) => serveConsole(output, options, signal)),
  );
  addPeopleCommand(console, terminal);
}

async function serveConsole(
  output: Output,
  { config, port }: ConsoleOptions,
  signal: AbortSignal,
): Promise<void> {
  const { createLogger } = await import('@fedvox/base/system');
  const { loadSiteConfig } = await import('@fedvox/agent/records');
  const { startSiteConsole } = await import('@fedvox/console');
  const desk = await startSiteConsole({
    config: await loadSiteConfig(config),
    clock: SURROUNDINGS.clock,
    log: createLogger({ name: 'console', level: 'warn' }),
    ...(port !== undefined && { port }),
  });
  await serveDesk(output, desk, signal);
}
