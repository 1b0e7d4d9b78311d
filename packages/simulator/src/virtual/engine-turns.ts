/**
 * The one engine of a process, taken in turns: what is at it may take minutes of the machine's time and none of
 * the virtual clock's.
 */
export class EngineTurns {
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  get isTaken(): boolean {
    return this.#underWay > 0;
  }

  /** Runs the work once everything that came before it has ended. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    const mine = this.#last.then(work).finally(() => {
      this.#underWay -= 1;
    });
    // Each failure is told to whoever asked for that work; the next goes on.
    this.#last = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }

  /** Resolves once nobody is at it. */
  async idle(): Promise<void> {
    while (this.isTaken) await this.#last;
  }
}
