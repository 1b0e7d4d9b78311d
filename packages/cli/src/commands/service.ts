import { type Command, Option } from 'commander';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';

export interface ServiceOptions extends CommonOptions {
  readonly config: string;
  readonly stopWithParent?: true;
}

/**
 * Gives a command that serves until it is told to stop its `--config` and its signal: aborted by
 * SIGINT or SIGTERM, and with the hidden `--stop-with-parent` by the end of standard input, which
 * comes when the process that started it ends in whatever way.
 */
export function serve(
  command: Command,
  terminal: Terminal,
  action: (output: Output, configPath: string, stop: AbortSignal) => Promise<void>,
): void {
  command.requiredOption('--config <file>', 'its configuration (YAML)');
  command.addOption(new Option('--stop-with-parent').hideHelp());
  act<ServiceOptions>(command, terminal, async (output, options) => {
    const controller = new AbortController();
    const stop = () => controller.abort();
    process.on('SIGINT', stop).on('SIGTERM', stop);
    if (options.stopWithParent) process.stdin.on('end', stop).on('error', stop).resume().unref();
    try {
      await action(output, options.config, controller.signal);
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    }
  });
}
