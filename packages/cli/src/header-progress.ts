import type { Clock } from '@fedvox/base';
import { duration } from './duration.js';
import type { Output } from './terminal.js';

/** How far the reading of a folder's headers is. */
export interface HeadersRead {
  readonly done: number;
  readonly total: number;
  /** At the pace so far. */
  readonly remainingMs?: number;
}

/** Where nobody watches, a line in so long. */
const LINE_EVERY_MS = 10_000;

/** Tells how far it is: on a terminal in one line that is rewritten, elsewhere in plain lines now and then. */
export function tellHeadersOf(output: Output, clock: Clock): (progress: HeadersRead) => void {
  let nextLineMs = clock.nowMs() + LINE_EVERY_MS;
  return ({ done, total, remainingMs }) => {
    const left = remainingMs === undefined ? '' : `, about ${duration(remainingMs)} left`;
    const text = `read the headers of ${done} of ${total} files${done === total ? '' : left}`;
    if (output.terminal.stderr.isTTY === true) return output.status(text);
    if (clock.nowMs() < nextLineMs) return;
    nextLineMs = clock.nowMs() + LINE_EVERY_MS;
    output.progress(text);
  };
}
