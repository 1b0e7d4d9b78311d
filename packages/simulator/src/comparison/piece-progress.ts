import type { Clock } from '@fedvox/base';
import type { RunProgress } from '../federation/run-progress.js';
import type { MeasuredRun } from './measured-run.js';

interface Piece {
  readonly name: string;
  readonly seed: number;
}

/** Tells how far a comparison is: its pieces one after the other, and how long the rest will take at the pace so far. */
export class PieceProgress {
  readonly #total: number;
  readonly #clock: Clock;
  readonly #tell: (progress: RunProgress) => void;
  #piece: Piece = { name: '', seed: 0 };
  #place = 0;
  /** Of pieces that were run now, not read: what the pace is measured by. */
  #worked = 0;
  #workedMs = 0;
  #begunAtMs: number | null = null;

  constructor(total: number, clock: Clock, tell: (progress: RunProgress) => void) {
    this.#total = total;
    this.#clock = clock;
    this.#tell = tell;
  }

  next(piece: Piece): void {
    this.#piece = piece;
    this.#place += 1;
    this.#begunAtMs = null;
  }

  /** It is not done yet: work on it begins. */
  begin(): void {
    this.#begunAtMs = this.#clock.nowMs();
    this.#sayHow(0, null);
  }

  /** Of a run, only its rounds are told. */
  readonly onProgress = (progress: RunProgress): void => {
    if (progress.kind !== 'round') return;
    const { row, rounds } = progress;
    this.#sayHow(row.round / rounds, { round: row.round, rounds, dice: row.dice });
  };

  end({ dice }: Pick<MeasuredRun, 'dice'>): void {
    const isNew = this.#begunAtMs !== null;
    if (this.#begunAtMs !== null) {
      this.#worked += 1;
      this.#workedMs += this.#clock.nowMs() - this.#begunAtMs;
    }
    this.#tell({ kind: 'piece-done', ...this.#named, dice, isNew });
  }

  get #named() {
    return { ...this.#piece, place: this.#place, total: this.#total };
  }

  /** @param part that of this piece is done, in [0, 1] */
  #sayHow(part: number, at: { round: number; rounds: number; dice: number | null } | null): void {
    const spentMs = this.#workedMs + this.#clock.nowMs() - (this.#begunAtMs ?? 0);
    const done = this.#worked + part;
    const left = this.#total - this.#place + 1 - part;
    const leftMs = done === 0 ? null : (spentMs / done) * left;
    this.#tell({ kind: 'piece', ...this.#named, at, leftMs });
  }
}
