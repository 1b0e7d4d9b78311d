import pino from 'pino';
import { printable } from '../printable.js';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** The program that speaks: `coordinator`, `agent`, … */
  readonly name: string;
  readonly level?: string;
}

/** JSON lines on stderr, so that stdout stays free for results. Synchronous: a crash loses no line. */
export function createLogger(
  { name, level = 'info' }: LoggerOptions,
  destination: pino.DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  // JSON itself lets pass what some terminals obey.
  const stream = { write: (line: string) => destination.write(printable(line)) };
  return pino({ name, level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** For tests and for library calls whose caller wants no log. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
