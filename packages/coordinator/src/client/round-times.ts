import type { CoordinatorEvent } from '../rest-contract.js';

/** Rounds that the forecast goes by: sites come and go, so the latest ones tell most. */
const FORECAST_ROUNDS = 5;

/** How long each round took, and when the job may end. */
export class RoundTimes {
  readonly #openedAtMs = new Map<number, number>();
  readonly #durationsMs = new Map<number, number>();
  #lastRound: number;

  constructor(totalRounds: number) {
    this.#lastRound = totalRounds;
  }

  onFact(fact: CoordinatorEvent['fact'], atMs: number): void {
    // A round that was opened again after a failure took its time from there.
    if (fact.kind === 'round-opened') this.#openedAtMs.set(fact.round, atMs);
    if (fact.kind === 'no-more-gain') this.#lastRound = fact.round;
    if (fact.kind !== 'round-committed') return;
    const openedAtMs = this.#openedAtMs.get(fact.round);
    if (openedAtMs !== undefined) this.#durationsMs.set(fact.round, atMs - openedAtMs);
  }

  durationMs(round: number): number | null {
    return this.#durationsMs.get(round) ?? null;
  }

  /**
   * After `round` was committed: the rounds that are left, each as long as the mean of the latest
   * ones. The evaluation that follows the last round is not counted.
   */
  endsAboutAtMs(round: number, atMs: number): number | null {
    const left = this.#lastRound - round;
    const latest = [...this.#durationsMs.values()].slice(-FORECAST_ROUNDS);
    if (left <= 0 || latest.length === 0) return null;
    const meanMs = latest.reduce((sum, each) => sum + each, 0) / latest.length;
    return Math.round(atMs + left * meanMs);
  }
}
