import { CallFailure, type CallStatus } from '../calls/call-status.js';

/** One call from its first message to its end: what its client and its handler know of each other. */
export class OpenCall {
  readonly #handler = new AbortController();
  readonly #onEnd: () => void;
  readonly #listeners: ((failure: CallFailure) => void)[] = [];

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Aborts once the call is over: answered, given up, cut off, or out of time. */
  get signal(): AbortSignal {
    return this.#handler.signal;
  }

  /** Ends the call for both sides, unless it is over. */
  cutShort(status: CallStatus): void {
    if (this.signal.aborted) return;
    this.close();
    const failure = new CallFailure(status);
    for (const listener of this.#listeners) listener(failure);
  }

  /** The call is over: its client wants nothing more of it. */
  close(): void {
    if (this.signal.aborted) return;
    this.#handler.abort();
    this.#onEnd();
  }

  onCutShort(listener: (failure: CallFailure) => void): void {
    this.#listeners.push(listener);
  }

  /** What `work` comes to, or the failure that the call is cut short with, whichever is first. */
  settle<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, new Promise<never>((_, reject) => this.onCutShort(reject))]);
  }
}
