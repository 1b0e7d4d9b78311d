import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Clock, restoredError, type Timer } from '@fedvox/base';
import type { OpenDatasetOptions } from '../datasets/dataset.js';
import { fail } from '../errors.js';
import type { Reader } from './reader.js';
import type { ReadAnswer, ReadRequest } from './reader-messages.js';

/** Most requests that may wait for their turn. */
const MAX_WAITING = 1024;
/** A thread that nobody asks for anything gives its memory back after this. */
const IDLE_LIFE_MS = 10_000;

interface Pending {
  readonly request: ReadRequest;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: OpenDatasetOptions['onProgress'];
}

/**
 * Reads on a thread of its own, one request at a time in the order they come, so that the thread that
 * asks goes on answering or computing. The thread starts with the first request, keeps no process
 * alive while it has none, and ends when it has had none for a while.
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

  readonly #waiting: Pending[] = [];
  #running: (Pending & { readonly worker: Worker }) | undefined;
  #worker: Worker | undefined;
  #idleTimer: Timer | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the thread, whatever it is reading. */
  async close(): Promise<void> {
    this.#idleTimer?.cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask<Operation extends keyof Reader>(
    operation: Operation,
    args: Parameters<Reader[Operation]>,
    onProgress?: OpenDatasetOptions['onProgress'],
  ): ReturnType<Reader[Operation]> {
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) throw fail('reader-busy', { waiting: MAX_WAITING });
      this.#waiting.push({ request: { operation, args }, resolve, reject, onProgress });
      this.#runNext();
    });
    return answer as ReturnType<Reader[Operation]>;
  }

  #runNext(): void {
    if (this.#running !== undefined) return;
    this.#idleTimer?.cancel();
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#worker?.unref();
      const end = () => void this.close();
      this.#idleTimer = this.#clock.after(IDLE_LIFE_MS, end, { background: true });
      return;
    }
    this.#worker ??= this.#started();
    this.#worker.ref();
    this.#running = { ...next, worker: this.#worker };
    this.#worker.postMessage(next.request);
  }

  #started(): Worker {
    const worker = new Worker(entryPath(), { execArgv: [] });
    let cause: Error | undefined;
    worker.on('message', (answer: ReadAnswer) => {
      if (answer.kind === 'progress') {
        if (this.#running?.worker === worker) this.#running.onProgress?.(answer.progress);
        return;
      }
      this.#settle(worker, ({ resolve, reject }) => {
        if (answer.kind === 'done') resolve(answer.value);
        else reject(answer.kind === 'failed' ? answer.error : restoredError(answer.error));
      });
    });
    worker.on('messageerror', (error) => this.#settle(worker, ({ reject }) => reject(error)));
    // What nobody caught in the thread, or its end for want of memory; its exit follows.
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (exitCode) => {
      if (this.#worker === worker) this.#worker = undefined;
      const how = cause?.message ?? `exit code ${exitCode}`;
      this.#settle(worker, ({ reject }) => reject(fail('reader-died', { how }, { cause })));
    });
    return worker;
  }

  /** Ends what this worker was doing: it may have been replaced, and then that is not the new one's. */
  #settle(worker: Worker, action: (pending: Pending) => void): void {
    const running = this.#running;
    if (running?.worker !== worker) return;
    this.#running = undefined;
    action(running);
    this.#runNext();
  }
}

/** Beside this file where it is compiled; in the build where it is read from source (ADR 0007). */
function entryPath(): string {
  const here = fileURLToPath(new URL('./thread-entry.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]reader[\\/]thread-entry\.js)$/, '$1dist$2');
}
