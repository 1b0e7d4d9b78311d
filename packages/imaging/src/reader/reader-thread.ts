import { fileURLToPath } from 'node:url';
import type { Clock } from '@fedvox/base';
import { AskedThread } from '@fedvox/base/threads';
import type { OpenDatasetOptions } from '../datasets/dataset.js';
import { fail } from '../errors.js';
import type { ReadRequest } from './read-request.js';
import type { Reader } from './reader.js';

/**
 * Reads on a thread of its own, one request at a time in the order they come, so that the thread that
 * asks goes on answering or computing.
 * Errors as the functions of the same names, and `reader-died`: the next request gets a new thread.
 */
export class ReaderThread implements Reader {
  readonly openDataset: Reader['openDataset'] = (
    spec,
    classes,
    // A clock cannot be sent; the times of files are the system's.
    { onProgress, clock: _, ...options } = {},
  ) => this.#ask('openDataset', [spec, classes, options], onProgress);
  readonly readCase: Reader['readCase'] = (...args) => this.#ask('readCase', args);
  readonly readEntry: Reader['readEntry'] = (...args) => this.#ask('readEntry', args);
  readonly readWindow: Reader['readWindow'] = (...args) => this.#ask('readWindow', args);

  readonly #thread: AskedThread;

  constructor(clock: Clock) {
    this.#thread = new AskedThread({
      entry: entryPath(),
      clock,
      died: (how, cause) => fail('reader-died', { how }, { cause }),
      busy: (waiting) => fail('reader-busy', { waiting }),
    });
  }

  /** Ends the thread, whatever it is reading. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  #ask<Operation extends keyof Reader>(
    operation: Operation,
    args: Parameters<Reader[Operation]>,
    onProgress?: OpenDatasetOptions['onProgress'],
  ): ReturnType<Reader[Operation]> {
    const request: ReadRequest = { operation, args };
    const told = onProgress as ((progress: unknown) => void) | undefined;
    return this.#thread.ask(request, { onProgress: told }) as ReturnType<Reader[Operation]>;
  }
}

/** Beside this file where it is compiled; in the build where it is read from source (ADR 0007). */
function entryPath(): string {
  const here = fileURLToPath(new URL('./thread-entry.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]reader[\\/]thread-entry\.js)$/, '$1dist$2');
}
