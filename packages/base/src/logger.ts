import pino from 'pino';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** The program that speaks: `coordinator`, `agent`, … */
  readonly name: string;
  readonly level?: string;
}

/** JSON lines on stderr, so that stdout stays free for results. Synchronous: a crash loses no line. */
export function createLogger({ name, level = 'info' }: LoggerOptions): Logger {
  return pino(
    { name, level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** For tests and for library calls whose caller wants no log. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
