import type { Command } from 'commander';
import { Output, type Terminal } from '../terminal.js';

export interface CommonOptions {
  readonly json?: true;
}

/**
 * Gives a command its `--json` and its action. The action is called with the command's arguments,
 * its options, and the output to speak through.
 */
export function act<
  Options extends CommonOptions,
  Arguments extends readonly (string | undefined)[] = [],
>(
  command: Command,
  terminal: Terminal,
  action: (output: Output, options: Options, ...args: Arguments) => Promise<void>,
): void {
  command.option('--json', 'print the result as one line of JSON');
  command.action(async (...given: unknown[]) => {
    // Commander calls with the declared arguments, then the options, then the command itself; options of the command
    // above it may be its own too.
    const options = (given.at(-1) as Command).optsWithGlobals<Options>();
    const args = given.slice(0, -2) as unknown as Arguments;
    await action(new Output(terminal, options.json === true), options, ...args);
  });
}
