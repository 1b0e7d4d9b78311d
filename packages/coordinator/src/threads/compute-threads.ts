import { open, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Clock, restoredError, type Timer } from '@fedvox/base';
import { fail } from '../errors.js';
import { aggregateHere } from './aggregate-here.js';
import { type ArrivedDelta, DeltaChecks } from './delta-check.js';
import { withOpenDeltas, withOpenRound } from './open-round.js';
import { productsHere, type RoundDeltas } from './round-products.js';
import type { FilePath, OpenRound, RoundDrafts, RoundTask } from './round-task.js';
import { giveUp, MAX_THREADS, NotWanted, sharedWords } from './shared-slices.js';
import type { ThreadAnswer, ThreadRequest } from './thread-messages.js';

/** Far more than the updates that a thousand sites have on their way at once. */
const MAX_WAITING = 10_000;
/** What is done within milliseconds on the thread that asks; another takes longer to start. */
const WORTH_A_THREAD_BYTES = 4 * 1024 * 1024;
/** A file of each update is open at once; of a round with more, some are opened for each slice, here. */
const MAX_OPEN_DELTAS = 2_048;
/** Threads that nobody asks for anything give their memory back after this. */
const IDLE_LIFE_MS = 30_000;

interface Asked {
  readonly request: ThreadRequest;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** What it is at. */
  asked: Asked | undefined;
}

/**
 * What takes long with bytes that lie in files, on threads beside the one that answers sites: as many as there
 * are processors. They start when they are needed, and keep no process alive that has nothing else to do.
 */
export class ComputeThreads {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #checksHere = new DeltaChecks('beside');
  readonly #threads = new Set<Thread>();
  readonly #waiting: Asked[] = [];
  #idleTimer: Timer | undefined;

  /** @param most none, and all is done on the thread that asks: it is at rest once nothing of it is under way */
  constructor(clock: Clock, most: number = availableParallelism()) {
    this.#clock = clock;
    this.#most = Math.min(most, MAX_THREADS);
  }

  /** As `DeltaChecks.check`. */
  async checkDelta(delta: ArrivedDelta): Promise<void> {
    const isForHere = this.#most === 0 || delta.delta.byteLength <= WORTH_A_THREAD_BYTES;
    await (isForHere ? this.#checksHere.check(delta) : this.#ask({ kind: 'check-delta', delta }));
  }

  /**
   * Aggregates a round on every thread at once; ends at the next slice when the signal aborts. What is in the
   * drafts once this resolves is durable.
   */
  async aggregateRound(task: RoundTask, signal: AbortSignal): Promise<RoundDrafts> {
    if (!(await this.#isForThreads(task))) return aggregateHere(task, signal);
    const drafts = await withOpenRound(task, (round) => this.#onEveryThread(round, signal));
    await syncFile(task.drafts.model);
    if (drafts.serverState !== null) await syncFile(task.drafts.state);
    return drafts;
  }

  /** `innerProducts` of a round's updates; ends at the next slice when the signal aborts. */
  async innerProducts(
    deltas: RoundDeltas<FilePath>,
    signal: AbortSignal,
  ): Promise<readonly Float64Array[]> {
    if (!(await this.#isForThreads(deltas))) return productsHere(deltas, signal);
    return withOpenDeltas(deltas, async (open) => {
      signal.throwIfAborted();
      const words = sharedWords();
      const stop = () => giveUp(words);
      signal.addEventListener('abort', stop, { once: true });
      try {
        const asked = this.#ask({ kind: 'inner-products', deltas: open, words });
        return (await asked) as readonly Float64Array[];
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener('abort', stop);
      }
    });
  }

  async #isForThreads({ base, updates }: RoundDeltas<FilePath>): Promise<boolean> {
    if (this.#most === 0) return false;
    const { size } = await stat(await base());
    return size * updates.length > WORTH_A_THREAD_BYTES && updates.length <= MAX_OPEN_DELTAS;
  }

  async #onEveryThread(round: OpenRound, signal: AbortSignal): Promise<RoundDrafts> {
    signal.throwIfAborted();
    const words = sharedWords();
    const stop = () => giveUp(words);
    signal.addEventListener('abort', stop, { once: true });
    const threads = this.#most;
    const parts = Array.from({ length: threads }, (_, thread) => {
      const part = { thread, threads, words };
      return this.#ask({ kind: 'aggregate-round', round, part }).catch((error: unknown) => {
        // Slices that a thread took and did not write would be waited for.
        if (!(error instanceof NotWanted)) stop();
        throw error;
      });
    });
    // All of them: one that came late must have seen that there is nothing left to read.
    const outcomes = await Promise.allSettled(parts);
    signal.removeEventListener('abort', stop);
    const [leading] = outcomes;
    if (leading?.status === 'fulfilled') return leading.value as RoundDrafts;
    throw signal.aborted ? signal.reason : causeOf(outcomes);
  }

  /** Ends every thread, whatever it is at. */
  async close(): Promise<void> {
    this.#idleTimer?.cancel();
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #ask(request: ThreadRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) throw fail('overloaded');
      this.#waiting.push({ request, resolve, reject });
      this.#next();
    });
  }

  /** Gives out what waits to threads that are free, and starts others as long as there may be more. */
  #next(): void {
    this.#idleTimer?.cancel();
    while (this.#waiting.length > 0) {
      const thread = this.#freeThread();
      if (thread === undefined) return;
      thread.asked = this.#waiting.shift();
      thread.worker.ref();
      thread.worker.postMessage(thread.asked?.request);
    }
    if ([...this.#threads].some(({ asked }) => asked !== undefined)) return;
    const end = () => void this.close();
    this.#idleTimer = this.#clock.after(IDLE_LIFE_MS, end, { background: true });
  }

  #freeThread(): Thread | undefined {
    for (const thread of this.#threads) if (thread.asked === undefined) return thread;
    return this.#threads.size < this.#most ? this.#started() : undefined;
  }

  #started(): Thread {
    const worker = new Worker(entryPath(), { execArgv: [] });
    const thread: Thread = { worker, asked: undefined };
    this.#threads.add(thread);
    let cause: Error | undefined;
    worker.on('message', (answer: ThreadAnswer) => {
      const { asked } = thread;
      thread.asked = undefined;
      worker.unref();
      if (asked !== undefined) settle(asked, answer);
      this.#next();
    });
    // What nobody caught in the thread, or its end for want of memory; its exit follows.
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (exitCode) => {
      this.#threads.delete(thread);
      const how = cause?.message ?? `exit code ${exitCode}`;
      thread.asked?.reject(fail('thread-died', { how }, { cause }));
      thread.asked = undefined;
      this.#next();
    });
    return thread;
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

/** Of threads that were stopped because another failed, that one tells why. */
function causeOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  return reasons.find((reason) => !(reason instanceof NotWanted)) ?? reasons[0];
}

function settle({ resolve, reject }: Asked, answer: ThreadAnswer): void {
  switch (answer.kind) {
    case 'done':
      resolve(answer.value);
      break;
    case 'not-wanted':
      reject(new NotWanted());
      break;
    case 'refused':
      reject(restoredError(answer.error));
      break;
    case 'failed':
      reject(answer.error);
  }
}

/** Beside this file where it is compiled; in the build where it is read from source (ADR 0007). */
function entryPath(): string {
  const here = fileURLToPath(new URL('./compute-thread.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]threads[\\/]compute-thread\.js)$/, '$1dist$2');
}
