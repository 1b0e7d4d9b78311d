import { errorText, FedvoxError } from '@fedvox/base';
import { systemFailure } from '@fedvox/base/system';
import { CommanderError } from 'commander';
import { print, type Terminal } from './terminal.js';

const USAGE = 'cli/usage';
export const USAGE_ADVICE = 'Run the command with --help to see what it takes.';

/** Ends a command with exit code 1 after its result said everything that is to be said. */
export class ResultSaysNo extends Error {
  override readonly name = 'ResultSaysNo';
}

/** What is told of an error: what is wrong and where, and what to do. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

/** Prints an error for a person on stderr; for a program, with `--json`, on stdout too. */
export function printFailure(error: unknown, terminal: Terminal, json: boolean): void {
  const { stdout, stderr, environment } = terminal;
  const failure = describe(error);
  // What is wrong with the command line itself was told when it was parsed.
  if (failure.code !== USAGE) print(stderr, `error: ${failure.message}\n→ ${failure.advice}\n`);
  if (environment['FEDVOX_DEBUG']) print(stderr, `${stackText(error)}\n`);
  if (json) print(stdout, `${JSON.stringify({ error: failure })}\n`);
}

function describe(error: unknown): Failure {
  if (error instanceof FedvoxError) {
    return { code: error.code, message: error.message, advice: error.advice };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '');
    return { code: USAGE, message, advice: USAGE_ADVICE };
  }
  const named = systemFailure(error);
  if (named !== undefined) return describe(named);
  return {
    code: 'cli/unexpected',
    message: errorText(error),
    advice: 'This is unexpected. Run it again with FEDVOX_DEBUG=1 and report what it shows.',
  };
}

/** The stack of an error and of every cause behind it. */
function stackText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackText(error.cause)}`;
}
