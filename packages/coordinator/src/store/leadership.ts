import { type Clock, type FedvoxError, isFedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { PostgresDatabase, Reign } from './postgres-database.js';

/**
 * How often within its term a leader shows that it lives, and whoever stands by looks. Looks are counted,
 * not read off a clock: no clock that jumps, and no outage of the database, makes a leader seem dead.
 */
const LOOKS = 4;

/** What leadership needs of a database. */
export type LedDatabase = Pick<PostgresDatabase, 'reign' | 'takeOver' | 'transaction' | 'release'>;

export interface LeadershipOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where operators reach this coordinator, for those who ask the one that stands by. */
  readonly holder: string;
  /** How long a leader may be silent. */
  readonly takeoverAfterMs: number;
}

/**
 * Waits until this coordinator leads: at once where nobody does, else when the leader gave up its place or
 * was silent for its term.
 * @param onStandby told who leads, at each look
 * @throws what `signal` was aborted with
 */
export async function standBy(
  database: Pick<LedDatabase, 'reign' | 'takeOver'>,
  { clock, log, holder, takeoverAfterMs }: LeadershipOptions,
  onStandby: (leader: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let seen = await database.reign();
  for (let looks = 0; ; ) {
    const isVacant = seen.holder === '' || looks >= LOOKS;
    if (isVacant && (await database.takeOver(seen, holder))) return;
    await onStandby(seen.holder);
    await clock.sleep(takeoverAfterMs / LOOKS, signal);
    const next = await database.reign().catch((error: unknown) => {
      log.warn({ err: error }, 'the database cannot be looked at; standing by');
      return undefined;
    });
    if (next === undefined) continue;
    looks = isSame(next, seen) ? looks + 1 : 0;
    seen = next;
  }
}

function isSame(one: Reign, other: Reign): boolean {
  return one.epoch === other.epoch && one.writes === other.writes;
}

/** Shows that the leader lives, until it stops or is overtaken. */
export class Leadership {
  readonly #database: LedDatabase;
  readonly #options: LeadershipOptions;
  readonly #stopping = new AbortController();
  readonly #leading = new AbortController();
  readonly #beating: Promise<void>;

  constructor(database: LedDatabase, options: LeadershipOptions) {
    this.#database = database;
    this.#options = options;
    this.#beating = this.#beat();
  }

  /** Aborted, with the error that says so, where another coordinator took over. */
  get signal(): AbortSignal {
    return this.#leading.signal;
  }

  /** Gives up its place, where it has it still. */
  async end(): Promise<void> {
    this.#stopping.abort();
    await this.#beating;
    if (this.signal.aborted) return;
    const { log } = this.#options;
    await this.#database
      .release()
      .catch((error: unknown) => log.warn({ err: error }, 'the leadership was not given up'));
  }

  async #beat(): Promise<void> {
    const { clock, log, takeoverAfterMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.signal.aborted) {
      await this.#database
        .transaction(async () => undefined)
        .catch((error: FedvoxError) => {
          if (isFedvoxError(error, 'coordinator/leadership-lost')) this.#leading.abort(error);
          else log.warn({ err: error }, 'the leader could not show that it lives');
        });
      // Rejects only when it is stopped, which ends the loop.
      await clock.sleep(takeoverAfterMs / LOOKS, signal).catch(() => undefined);
    }
  }
}
