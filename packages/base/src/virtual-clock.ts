import { assert } from './assert.js';
import { type Clock, clockOn, type Timer } from './clock.js';
import { nextTurn } from './next-turn.js';

export interface VirtualClockOptions {
  readonly startMs?: number;
  /**
   * Resolves once what a timer set going has come to rest: time stands still until then. By default
   * one turn of the event loop, enough where nothing waits for a disk, a socket or a thread.
   */
  readonly settle?: () => Promise<void>;
}

interface Waiting {
  readonly dueAtMs: number;
  readonly action: () => void;
}

/**
 * A clock whose time passes only when it is told to: a week takes no longer than what happens in it.
 * Timers fire in the order in which they are due, those due together in the order in which they were
 * set, so that a run on this clock goes the same way each time.
 */
export class VirtualClock implements Clock {
  readonly every: Clock['every'];
  readonly sleep: Clock['sleep'];
  readonly #settle: () => Promise<void>;
  /** By due time, then by when they were set. */
  readonly #waiting: Waiting[] = [];
  #nowMs: number;

  constructor({ startMs = 0, settle = nextTurn }: VirtualClockOptions = {}) {
    this.#nowMs = startMs;
    this.#settle = settle;
    const { every, sleep } = clockOn(this);
    this.every = every;
    this.sleep = sleep;
  }

  readonly nowMs = (): number => this.#nowMs;

  readonly after = (delayMs: number, action: () => void): Timer => {
    const waiting = { dueAtMs: this.#nowMs + Math.max(0, delayMs), action };
    const before = this.#waiting.findLastIndex(({ dueAtMs }) => dueAtMs <= waiting.dueAtMs);
    this.#waiting.splice(before + 1, 0, waiting);
    return { cancel: () => void this.#take(waiting) };
  };

  /** How many timers have not fired yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets `durationMs` pass, timer by timer; resolves once all that they set going has come to rest. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await this.#settle();
    while (this.#nextMs() <= endMs) {
      this.leap(this.#nextMs() - this.#nowMs);
      await this.#settle();
    }
    this.leap(endMs - this.#nowMs);
  }

  /**
   * Lets time pass, timer by timer, until `work` is done.
   * @throws InvariantError where no timer waits that could bring it on
   */
  async passUntil<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    for (;;) {
      await this.#settle();
      if (isDone) return work;
      assert(this.#waiting.length > 0, 'work that goes on waits for a timer');
      this.leap(this.#nextMs() - this.#nowMs);
    }
  }

  /** Puts the clock forward at once, as on a host that slept: what was due meanwhile fires now. */
  leap(durationMs: number): void {
    assert(durationMs >= 0, 'time does not run backwards');
    this.#nowMs += durationMs;
    const due = this.#waiting.filter(({ dueAtMs }) => dueAtMs <= this.#nowMs);
    for (const waiting of due) if (this.#take(waiting)) waiting.action();
  }

  #nextMs(): number {
    return this.#waiting[0]?.dueAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** Whether it was still waiting. */
  #take(waiting: Waiting): boolean {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }
}
