import { type ComparedPiece, endedPiece } from '../comparison/compared-piece.js';
import type { ComparisonOptions } from '../comparison/run-comparison.js';
import { fail } from '../errors.js';
import type { Plan } from '../scenario/plan.js';
import type { PieceOrders } from './piece-orders.js';

export type SupplyOptions = Pick<ComparisonOptions, 'folder' | 'clock' | 'signal' | 'onProgress'>;

const LOOK_EVERY_MS = 1_000;

/** Keeps what nobody has ended in the queue until all is ended. */
export class PieceSupply {
  readonly #plan: Plan;
  readonly #total: number;
  readonly #orders: PieceOrders;
  readonly #options: SupplyOptions;
  readonly #failures: string[] = [];
  #open: readonly ComparedPiece[];
  #ended = 0;
  #workers: number | null = null;

  constructor(
    plan: Plan,
    pieces: readonly ComparedPiece[],
    orders: PieceOrders,
    options: SupplyOptions,
  ) {
    this.#plan = plan;
    this.#total = pieces.length;
    this.#orders = orders;
    this.#options = options;
    this.#open = pieces;
  }

  /** @throws FedvoxError `simulator/pieces-failed` once the others are done */
  async last(): Promise<void> {
    const { clock, signal, folder } = this.#options;
    await this.#look((piece) => this.#begun(piece));
    while (this.#open.length > 0) {
      await this.#tellWorkers();
      await clock.sleep(LOOK_EVERY_MS, signal);
      await this.#look((piece) => this.#isOver(piece));
    }
    const failed = this.#failures.length;
    if (failed === 0) return;
    const reasons = this.#failures.join('; ');
    throw fail('pieces-failed', { failed, total: this.#total, folder, reasons });
  }

  async #look(isOver: (piece: ComparedPiece) => Promise<boolean>): Promise<void> {
    const open: ComparedPiece[] = [];
    for (const piece of this.#open) {
      this.#options.signal.throwIfAborted();
      if (!(await isOver(piece))) open.push(piece);
    }
    this.#open = open;
  }

  async #begun(piece: ComparedPiece): Promise<boolean> {
    if (await this.#isKept(piece, false)) return true;
    await this.#orders.renew(piece);
    return false;
  }

  async #isOver(piece: ComparedPiece): Promise<boolean> {
    if (await this.#isKept(piece, true)) return true;
    const failure = await this.#orders.keep(piece);
    if (failure === null) return false;
    const failed = `${piece.name}, seed ${piece.seed}: ${failure}`;
    this.#failures.push(failed);
    this.#options.onProgress({ kind: 'step', text: `Failed: ${failed}` });
    return true;
  }

  async #isKept(piece: ComparedPiece, isNew: boolean): Promise<boolean> {
    const { folder, onProgress } = this.#options;
    const run = await endedPiece(this.#plan, piece, folder);
    if (run === null) return false;
    this.#ended += 1;
    const { name, seed } = piece;
    const at = { place: this.#ended, total: this.#total };
    onProgress({ kind: 'piece-done', name, seed, ...at, dice: run.dice, isNew });
    return true;
  }

  async #tellWorkers(): Promise<void> {
    const workers = await this.#orders.workers();
    if (workers === this.#workers) return;
    this.#workers = workers;
    const { address } = this.#orders;
    const waiting = `${workers} ${workers === 1 ? 'worker' : 'workers'} for ${this.#open.length} pieces`;
    const advice = workers === 0 ? `; start some: fedvox sweep-worker --queue ${address}` : '';
    this.#options.onProgress({ kind: 'step', text: `${waiting}${advice}` });
  }
}
