import { join } from 'node:path';
import { assert, type Clock } from '@fedvox/base';
import type { Job, Queue, Worker } from 'bullmq';
import { piecesOf } from '../comparison/compared-piece.js';
import { type ComparisonOptions, runPiece } from '../comparison/run-comparison.js';
import {
  dialRedis,
  type PieceOrder,
  pieceOrderSchema,
  QUEUE,
  type RedisLine,
} from './piece-queue.js';
import { readSweep } from './sweep-file.js';

export interface SweepWorkerOptions
  extends Pick<ComparisonOptions, 'command' | 'clock' | 'signal' | 'onProgress'> {
  /** Address of the Redis server. */
  readonly queue: string;
  /** Whether it ends once nothing waits and nothing is under way; at `signal` only where false. */
  readonly untilIdle: boolean;
}

/** What a worker did. */
export interface SweptPieces {
  readonly done: number;
  readonly failed: number;
}

/** A worker that has not said for so long that it lives is held for dead; it says so twice in this time. */
const LOCK_MS = 30_000;
const LOOK_FOR_DEAD_EVERY_MS = 5_000;
/** A piece that more workers died of is given to no other. */
const MOST_DEATHS = 3;
const LOOK_EVERY_MS = 1_000;
const CLOSE_WITHIN_MS = 10_000;

/**
 * Takes pieces of any comparison from the queue, one at a time. One that is cut off by `signal` goes back to it.
 * @throws FedvoxError `simulator/queue-address`, `simulator/queue-unreachable`
 */
export async function runSweepWorker(options: SweepWorkerOptions): Promise<SweptPieces> {
  const { queue, untilIdle, clock, signal, onProgress } = options;
  const line = await dialRedis(queue, true);
  try {
    const worker = await takePieces(line, options);
    const count = { done: 0, failed: 0 };
    worker.on('completed', () => {
      count.done += 1;
    });
    worker.on('failed', (job, { message }) => {
      count.failed += 1;
      onProgress({ kind: 'step', text: `Failed: ${job?.name ?? 'a piece'}: ${message}` });
    });
    onProgress({ kind: 'step', text: `Waiting for pieces at ${line.shown}` });
    const { Queue } = await import('bullmq');
    const pieces = new Queue(QUEUE, { connection: line.redis, prefix: line.prefix });
    // The worker tells of it.
    pieces.on('error', () => undefined);
    while (!signal.aborted && !(untilIdle && (await isIdle(pieces)))) {
      // It is rejected where `signal` ends the loop.
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
    await close(worker, line, clock);
    return count;
  } finally {
    line.hangUp();
  }
}

async function takePieces(line: RedisLine, options: SweepWorkerOptions): Promise<Worker> {
  const { Worker, WaitingError } = await import('bullmq');
  const work = async (job: Job, token?: string, signal?: AbortSignal): Promise<void> => {
    try {
      const order = pieceOrderSchema.parse(job.data);
      await runOrder(order, { ...options, ...(signal && { signal }) });
    } catch (error) {
      if (!options.signal.aborted) throw error;
      await job.moveToWait(token);
      throw new WaitingError();
    }
  };
  const worker = new Worker<PieceOrder>(QUEUE, work, {
    connection: line.redis,
    prefix: line.prefix,
    lockDuration: LOCK_MS,
    stalledInterval: LOOK_FOR_DEAD_EVERY_MS,
    maxStalledCount: MOST_DEATHS,
  });
  // Another has the piece by now.
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id);
  });
  let told = '';
  worker.on('error', ({ message }) => {
    // A server that is away is tried again and again.
    if (message !== told) options.onProgress({ kind: 'step', text: `Queue: ${message}` });
    told = message;
  });
  return worker;
}

async function runOrder(order: PieceOrder, options: SweepWorkerOptions): Promise<void> {
  const { folder, name, seed } = order;
  const { plan, compare, data } = await readSweep(order);
  const piece = piecesOf(compare).find((each) => each.name === name && each.seed === seed);
  assert(piece !== undefined, `an order names a piece of its comparison: ${name}, ${seed}`);
  const { command, clock, signal, onProgress } = options;
  onProgress({ kind: 'step', text: `Taken: ${name}, seed ${seed}, in ${folder}` });
  const surroundings = { command, folder, data: new Map(data), cacheDir: join(folder, 'cache') };
  await runPiece(plan, piece, { ...surroundings, clock, signal, onProgress });
}

/** Gives back what is under way; where the server is away, others take it as of one that died. */
async function close(worker: Worker, { redis }: RedisLine, clock: Clock): Promise<void> {
  // First, so that it takes no other piece instead.
  const closed = worker.close(redis.status !== 'ready');
  worker.cancelAllJobs();
  await Promise.race([closed, clock.sleep(CLOSE_WITHIN_MS)]);
}

async function isIdle(pieces: Queue): Promise<boolean> {
  const { wait, active } = await pieces.getJobCounts('wait', 'active');
  return wait === 0 && active === 0;
}
