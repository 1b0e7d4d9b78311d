import { createHook } from 'node:async_hooks';
import { nextTurn } from '@fedvox/base';

/** Requests to the disk, to threads that compute, and to the database. */
const OUTSIDE = /^FSREQ|REQ(UEST)?$|^sqlite3\./;
/** Between two requests there are some turns of the event loop in which only promises move. */
const QUIET_TURNS = 5;

/**
 * Tells when a program has come to rest: nothing is under way outside JavaScript, and nothing new was
 * begun for some turns. What a virtual clock waits for before it lets time pass beside a real disk.
 */
export class Stillness {
  readonly #underWay = new Set<number>();
  #begun = 0;
  readonly #hook = createHook({
    init: (id, type) => {
      if (!OUTSIDE.test(type)) return;
      this.#underWay.add(id);
      this.#begun++;
    },
    after: (id) => this.#underWay.delete(id),
    destroy: (id) => this.#underWay.delete(id),
  }).enable();

  readonly settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      const begun = this.#begun;
      await nextTurn();
      quiet = this.#underWay.size === 0 && this.#begun === begun ? quiet + 1 : 0;
    }
  };

  end(): void {
    this.#hook.disable();
  }
}
