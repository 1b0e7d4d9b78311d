import { type Sha256, sha256 } from '@fedvox/base';
import type { Queue } from 'bullmq';
import type { ComparedPiece } from '../comparison/compared-piece.js';
import { type PieceOrder, QUEUE, type RedisLine, unreachable } from './piece-queue.js';

/** Whoever waits for a piece that failed is told why until then. */
const FAILED_KEPT_S = 7 * 24 * 60 * 60;

/** The queue as the one who wants a comparison's pieces done sees it. */
export class PieceOrders {
  readonly #queue: Queue<PieceOrder>;
  readonly #line: RedisLine;
  readonly #folder: string;
  readonly #of: Sha256;

  private constructor(queue: Queue<PieceOrder>, line: RedisLine, folder: string, of: Sha256) {
    this.#queue = queue;
    this.#line = line;
    this.#folder = folder;
    this.#of = of;
  }

  /** @param of digest of what stands in the folder's `sweep.json` */
  static async open(line: RedisLine, folder: string, of: Sha256): Promise<PieceOrders> {
    const { Queue } = await import('bullmq');
    const queue = new Queue<PieceOrder>(QUEUE, { connection: line.redis, prefix: line.prefix });
    // What matters of it, the calls below fail with too.
    queue.on('error', () => undefined);
    return new PieceOrders(queue, line, folder, of);
  }

  /** The server's address, as it may be shown. */
  get address(): string {
    return this.#line.shown;
  }

  /** Sees to it that a piece is in the queue, once; one that failed is tried anew. */
  async renew(piece: ComparedPiece): Promise<void> {
    const job = await this.#asked(this.#queue.getJob(this.#idOf(piece)));
    if (job !== undefined && (await this.#asked(job.isFailed()))) await this.#asked(job.remove());
    await this.keep(piece);
  }

  /**
   * Sees to it that a piece is in the queue, once: it is not after it was done, and where the server forgot it.
   * @returns why it failed; null where it did not
   */
  async keep(piece: ComparedPiece): Promise<string | null> {
    const { name, seed } = piece;
    const jobId = this.#idOf(piece);
    const order = { folder: this.#folder, of: this.#of, name, seed };
    const removeOnFail = { age: FAILED_KEPT_S };
    // Adds nothing where the id is there, whatever became of it.
    const job = await this.#asked(
      this.#queue.add(`${name}, seed ${seed}`, order, {
        ...{ jobId, removeOnComplete: true, removeOnFail },
      }),
    );
    if (!(await this.#asked(job.isFailed()))) return null;
    return (await this.#asked(this.#queue.getJob(jobId)))?.failedReason ?? 'no reason is known';
  }

  workers(): Promise<number> {
    return this.#asked(this.#queue.getWorkersCount());
  }

  #idOf({ name, seed }: ComparedPiece): string {
    return sha256(JSON.stringify([this.#folder, this.#of, name, seed]));
  }

  #asked<T>(call: Promise<T>): Promise<T> {
    return call.catch((error: unknown) => {
      throw unreachable(this.#line.host, error);
    });
  }
}
