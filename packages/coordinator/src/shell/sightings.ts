import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { SiteState } from '@fedvox/protocol';
import type { Store } from '../store/store.js';
import type { TaskDesk } from './task-desk.js';

/** A site is heard of every few seconds; of all of them together one row each a minute is enough. */
const WRITE_EVERY_MS = 60_000;

export interface SightingsOptions {
  readonly tasks: Pick<TaskDesk, 'presences'>;
  readonly store: Pick<Store, 'sightings' | 'recordSightings'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** When each site was last heard of, across restarts; a crash forgets the last minute at most. */
export class Sightings {
  readonly #options: SightingsOptions;
  readonly #written: Map<string, number>;
  readonly #stopping = new AbortController();

  private constructor(options: SightingsOptions, written: ReadonlyMap<string, number>) {
    this.#options = options;
    this.#written = new Map(written);
  }

  static async load(options: SightingsOptions): Promise<Sightings> {
    return new Sightings(options, await options.store.sightings());
  }

  /** Milliseconds since the epoch; null where the site was never heard of. */
  lastSeenAtMs(site: string): number | null {
    const present = this.#options.tasks.presences().get(site);
    return present?.lastSeenAtMs ?? this.#written.get(site) ?? null;
  }

  /** When each site was last heard of, and what it was at then where that was since the start. */
  all(): ReadonlyMap<string, { readonly lastSeenAtMs: number; readonly state: SiteState | null }> {
    const all = new Map<string, { lastSeenAtMs: number; state: SiteState | null }>();
    for (const [site, lastSeenAtMs] of this.#written) all.set(site, { lastSeenAtMs, state: null });
    for (const [site, presence] of this.#options.tasks.presences()) all.set(site, presence);
    return all;
  }

  /** Writes what is new once a minute, and once more when it is stopped. */
  async run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      // Rejects only when it is stopped.
      await clock.sleep(WRITE_EVERY_MS, signal).catch(() => undefined);
      await this.write().catch((error: unknown) =>
        log.error({ err: error }, 'who was seen when could not be recorded; trying again'),
      );
      if (signal.aborted) return;
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  async write(): Promise<void> {
    const { tasks, store } = this.#options;
    const seen = [...tasks.presences()].map(
      ([site, { lastSeenAtMs }]) => [site, lastSeenAtMs] as const,
    );
    const fresh = seen.filter(([site, atMs]) => this.#written.get(site) !== atMs);
    if (fresh.length === 0) return;
    await store.recordSightings(new Map(fresh));
    for (const [site, atMs] of fresh) this.#written.set(site, atMs);
  }
}
