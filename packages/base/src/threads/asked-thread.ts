import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../clock.js';
import { restoredError } from '../named-error.js';
import type { AskedAnswer, AskedRequest } from './answering-thread.js';

/** Most requests that may wait for their turn. */
const MAX_WAITING = 1024;
/** A thread that nobody asks for anything gives its memory back after this. */
const IDLE_LIFE_MS = 10_000;

export interface AskedThreadOptions {
  /** Path of the program that answers, by `answerRequests`. */
  readonly entry: string;
  readonly clock: Clock;
  /** So many requests lie with the thread at once, so that it has the next while this thread is busy; 1 where absent. */
  readonly ahead?: number;
  /** What becomes of a request in whose middle the thread ends. */
  readonly died: (how: string, cause: Error | undefined) => Error;
  /** What becomes of one for which so many others wait already. */
  readonly busy: (waiting: number) => Error;
}

export interface AskOptions {
  /** What is handed over to the thread and not copied. */
  readonly transfer?: readonly ArrayBuffer[];
  readonly onProgress?: ((progress: unknown) => void) | undefined;
  /** A request that is not begun when this aborts never is. */
  readonly signal?: AbortSignal | undefined;
}

interface Pending extends AskOptions {
  readonly id: number;
  readonly request: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that works on one request at a time in the order they come, so that the thread that asks goes on
 * with its own work. It starts with the first request, keeps no process alive while it has none, and ends
 * when it has had none for a while. One that died is followed by a new one at the next request.
 */
export class AskedThread {
  readonly #waiting: Pending[] = [];
  /** With the thread, or with one that was replaced and has yet to end. */
  readonly #sent = new Map<number, Pending & { readonly worker: Worker }>();
  /** One word for every signal, which the thread looks at, too: it is 1 when the signal has aborted. */
  readonly #dropped = new WeakMap<AbortSignal, Int32Array>();
  #lastId = 0;
  #worker: Worker | undefined;
  #idleTimer: Timer | undefined;
  readonly #options: AskedThreadOptions;

  constructor(options: AskedThreadOptions) {
    this.#options = options;
  }

  /** Requests that are not answered yet. */
  get open(): number {
    return this.#waiting.length + this.#sent.size;
  }

  ask(request: unknown, options: AskOptions = {}): Promise<unknown> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) throw this.#options.busy(MAX_WAITING);
      this.#waiting.push({ id: ++this.#lastId, request, resolve, reject, ...options });
      this.#sendNext();
    });
  }

  /** Starts it before the first request, which then need not wait for that. */
  start(): void {
    this.#worker ??= this.#started();
    this.#sendNext();
  }

  /** Ends the thread, whatever it is at. */
  async close(): Promise<void> {
    this.#idleTimer?.cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #sendNext(): void {
    const { ahead = 1 } = this.#options;
    this.#idleTimer?.cancel();
    while (this.#sent.size < ahead) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#send(next);
    }
    if (this.#sent.size > 0) return;
    this.#worker?.unref();
    const end = () => void this.close();
    this.#idleTimer = this.#options.clock.after(IDLE_LIFE_MS, end, { background: true });
  }

  #send(pending: Pending): void {
    const { id, request, signal, transfer = [] } = pending;
    this.#worker ??= this.#started();
    this.#worker.ref();
    this.#sent.set(id, { ...pending, worker: this.#worker });
    const message: AskedRequest = { id, request, dropped: signal && this.#droppedOf(signal) };
    this.#worker.postMessage(message, transfer);
  }

  #droppedOf(signal: AbortSignal): Int32Array {
    const known = this.#dropped.get(signal);
    if (known !== undefined) return known;
    const word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const drop = () => Atomics.store(word, 0, 1);
    if (signal.aborted) drop();
    else signal.addEventListener('abort', drop, { once: true });
    this.#dropped.set(signal, word);
    return word;
  }

  #started(): Worker {
    const worker = new Worker(this.#options.entry, { execArgv: [] });
    let cause: Error | undefined;
    worker.on('message', (answer: AskedAnswer) => {
      const asked = this.#sent.get(answer.id);
      if (answer.kind === 'progress') return asked?.onProgress?.(answer.progress);
      this.#sent.delete(answer.id);
      if (answer.kind === 'done') asked?.resolve(answer.value);
      else asked?.reject(reasonOf(answer, asked.signal));
      this.#sendNext();
    });
    // What nobody caught in the thread, or its end for want of memory; its exit follows.
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('messageerror', (error) => {
      cause = error;
      void worker.terminate();
    });
    worker.on('exit', (exitCode) => {
      if (this.#worker === worker) this.#worker = undefined;
      const how = cause?.message ?? `exit code ${exitCode}`;
      for (const [id, asked] of this.#sent) {
        if (asked.worker !== worker) continue;
        this.#sent.delete(id);
        asked.reject(this.#options.died(how, cause));
      }
      if (this.#waiting.length > 0) this.#sendNext();
    });
    return worker;
  }
}

function reasonOf(
  answer: Extract<AskedAnswer, { kind: 'refused' | 'failed' | 'dropped' }>,
  signal: AbortSignal | undefined,
): Error {
  if (answer.kind === 'dropped') return signal?.reason;
  return answer.kind === 'failed' ? answer.error : restoredError(answer.error);
}
