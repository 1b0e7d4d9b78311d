import type { Command } from 'commander';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { interruptible } from './interruptible.js';
import { wholeNumber } from './options.js';

interface ConsoleOptions extends CommonOptions {
  readonly config: string;
  readonly port?: number;
}

export function addConsoleCommand(program: Command, terminal: Terminal): void {
  const console = program
    .command('console')
    .description(
      'what the agent does, what left and what the data are, in a browser on this machine',
    )
    .requiredOption('--config <file>', 'the site’s configuration (YAML)')
    .option('--port <n>', 'where it listens, on 127.0.0.1 only', wholeNumber('--port', 1));
  act<ConsoleOptions>(console, terminal, (output, options) =>
    interruptible((signal) => serveConsole(output, options, signal)),
  );
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
  try {
    tellLink(output, desk);
    await untilAsked(output, signal, () => tellLink(output, desk));
  } finally {
    await desk.close();
  }
}

function tellLink(
  output: Output,
  { origin, link }: { readonly origin: string; link(): string },
): void {
  const address = link();
  const text = `Open this in a browser on this machine; it works once, within five minutes:\n\n  ${address}\n`;
  output.result({ origin, link: address }, text);
}

/** Until the signal aborts; at a terminal, Enter asks `again`. */
async function untilAsked(output: Output, signal: AbortSignal, again: () => void): Promise<void> {
  const { stdin } = output.terminal;
  const ofPerson = stdin?.isTTY === true ? stdin : undefined;
  if (ofPerson !== undefined) output.progress('Enter: a fresh link. Ctrl-C: stop.');
  ofPerson?.on('data', again);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  ofPerson?.off('data', again).pause();
}
