import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { boundedMap } from '../../bounded-map.js';
import { fail } from '../../errors.js';
import { type HeaderAnswer, readBatch } from './header-batch.js';
import type { ScannedFile } from './scanned-file.js';

export interface ReadFilesOptions {
  /** Threads to read on; by default as many as there are processors, as long as each has enough to do. */
  readonly threads?: number;
  readonly onRead?: (done: number) => void;
}

/** Each thread costs some 40 MB, and disks answer no more of them any faster. */
const MAX_THREADS = 8;
/**
 * What a thread reads is copied to the one that asks, and each thread compiles the reading anew: below this nothing is
 * saved, and where processors are busy not much above (`npm run bench -- headers`).
 */
const MIN_FILES_PER_THREAD = 20_000;
/** Files that a thread reads between two words. */
const BATCH_FILES = 50;

/**
 * Reads headers, in the order of the paths; many files on several threads.
 * @throws FedvoxError `reader-died`
 */
export async function readFiles(
  paths: readonly string[],
  { threads = worthwhileThreads(paths.length), onRead }: ReadFilesOptions = {},
): Promise<readonly ScannedFile[]> {
  const batches = Array.from({ length: Math.ceil(paths.length / BATCH_FILES) }, (_, batch) =>
    paths.slice(batch * BATCH_FILES, (batch + 1) * BATCH_FILES),
  );
  let done = 0;
  const told = (files: readonly ScannedFile[]) => {
    done += files.length;
    onRead?.(done);
    return files;
  };
  const lanes = Math.min(threads, MAX_THREADS, batches.length);
  if (lanes <= 1) {
    const read = await boundedMap(batches, 1, async (batch) => told(await readBatch(batch)));
    return read.flat();
  }
  const pool = Array.from({ length: lanes }, () => new HeaderThread());
  try {
    const read = await boundedMap(batches, lanes, async (batch, lane) =>
      told(await (pool[lane] as HeaderThread).read(batch)),
    );
    return read.flat();
  } finally {
    await Promise.all(pool.map((thread) => thread.close()));
  }
}

function worthwhileThreads(files: number): number {
  return Math.min(availableParallelism(), Math.floor(files / MIN_FILES_PER_THREAD));
}

/** A thread that reads one batch at a time; once it has ended, every batch is refused. */
class HeaderThread {
  readonly #worker = new Worker(entryPath(), { execArgv: [] });
  #pending:
    | { resolve(files: readonly ScannedFile[]): void; reject(error: Error): void }
    | undefined;
  #ended: Error | undefined;

  constructor() {
    let cause: Error | undefined;
    this.#worker.on('message', (answer: HeaderAnswer) => {
      if ('files' in answer) this.#pending?.resolve(answer.files);
      else this.#pending?.reject(answer.error);
    });
    // What nobody caught in the thread, or its end for want of memory; its exit follows.
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#worker.on('exit', (exitCode) => {
      const how = cause?.message ?? `exit code ${exitCode}`;
      this.#ended = fail('reader-died', { how }, { cause });
      this.#pending?.reject(this.#ended);
    });
  }

  read(batch: readonly string[]): Promise<readonly ScannedFile[]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      this.#pending = { resolve, reject };
      this.#worker.postMessage(batch);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Beside this file where it is compiled; in the build where it is read from source (ADR 0007). */
function entryPath(): string {
  const here = fileURLToPath(new URL('./header-thread-entry.js', import.meta.url));
  return here.replace(
    /([\\/])src([\\/]folder-scan[\\/]headers[\\/]header-thread-entry\.js)$/,
    '$1dist$2',
  );
}
