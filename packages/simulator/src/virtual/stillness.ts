import { nextTurn } from '@fedvox/base';
import { openConfiguredStore, type Store } from '@fedvox/coordinator';

/** Requests to the disk, as the process names what it waits for. */
const TO_DISK: ReadonlySet<string> = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq']);
/** Between two requests there are some turns of the event loop in which only promises move. */
const QUIET_TURNS = 5;

/**
 * Tells when a program has come to rest: nothing is on its way to a disk or to the database, nor anything else that it was
 * told of, for some turns. What a virtual clock waits for before it lets time pass beside a real disk.
 *
 * The process lists its requests to the disk; other threads' work it does not, so that this is counted. To follow every
 * asynchronous thing by hooks would tell of both, at the cost of all that the program does itself.
 */
export class Stillness {
  #underWay = 0;

  /** Counts the work as under way until it has ended, however it ends. */
  readonly during = async <Result>(work: Promise<Result>): Promise<Result> => {
    this.#underWay++;
    try {
      return await work;
    } finally {
      this.#underWay--;
    }
  };

  /** A coordinator's store, of which every call is counted. */
  readonly openStore: typeof openConfiguredStore = async (...from) =>
    this.#counted(await openConfiguredStore(...from));

  readonly settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await nextTurn();
      quiet = this.#isBusy() ? 0 : quiet + 1;
    }
  };

  #isBusy(): boolean {
    return this.#underWay > 0 || process.getActiveResourcesInfo().some((name) => TO_DISK.has(name));
  }

  #counted(store: Store): Store {
    return new Proxy(store, {
      get: (target, name: keyof Store) => {
        const member = target[name];
        if (typeof member !== 'function') return member;
        const call = member as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => this.during(call.apply(target, args));
      },
    });
  }
}
