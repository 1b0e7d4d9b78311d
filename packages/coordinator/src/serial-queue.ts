import { fail } from './errors.js';

/** Far more than the calls that a thousand sites have open at once. */
export const MAX_WAITING = 10_000;

/** Runs asynchronous work one piece at a time, in order of arrival. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** What waits, and what is under way. */
  get length(): number {
    return this.#waiting;
  }

  /** @throws FedvoxError `coordinator/overloaded`, and whatever `work` throws */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) return Promise.reject(fail('overloaded'));
    this.#waiting += 1;
    const result = this.#last.then(work);
    this.#last = result.then(
      () => this.#leave(),
      () => this.#leave(),
    );
    return result;
  }

  #leave(): void {
    this.#waiting -= 1;
  }

  /** Resolves when all work given so far is done, well or badly. */
  async drained(): Promise<void> {
    await this.#last;
  }
}
