import type { Clock } from '@fedvox/base';
import { durationMs } from '@fedvox/job';
import type { ScenarioEvent } from '../scenario/events.js';

/** Sites whose agents come and go. */
export interface Befallen {
  readonly clock: Clock;
  /** Enrols the site and starts its agent. */
  join(site: string): Promise<void>;
  /** Stops its agent. */
  leave(site: string): Promise<void>;
  kill(site: string): Promise<void>;
  /** Starts the agent of a site that is enrolled. */
  comeBack(site: string): Promise<void>;
}

/**
 * What is in store for sites. Where one outage begins before another is over, the site is back when both are; whoever
 * has left stays away.
 */
export class Fates {
  readonly #federation: Befallen;
  readonly #events: readonly ScenarioEvent[];
  /** Outages that a site is in. */
  readonly #outages = new Map<string, number>();
  readonly #gone = new Set<string>();
  /** The last that was asked of each site's agent: it starts and ends in turns. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(federation: Befallen, events: readonly ScenarioEvent[]) {
    this.#federation = federation;
    this.#events = events;
  }

  /** All that is due as a round opens; resolves when it is over. */
  async befall(round: number): Promise<void> {
    const due = this.#events.filter((event) => event.round === round);
    await Promise.all(due.map((event) => this.#happen(event)));
  }

  async #happen(event: ScenarioEvent): Promise<void> {
    const { site } = event;
    const { clock } = this.#federation;
    switch (event.kind) {
      case 'late':
      case 'poison':
      case 'drift':
      case 'mislabel':
        return; // the site's trainer knows of it
      case 'slow-link':
      case 'corrupt':
        return; // its line does
      case 'join':
        return this.#inTurn(site, () => this.#federation.join(site));
      case 'leave':
        this.#gone.add(site);
        return this.#inTurn(site, () => this.#federation.leave(site));
      case 'offline':
        return this.#away(site, durationMs(event.for), () => this.#federation.leave(site));
      case 'crash':
        await clock.sleep(durationMs(event.after));
        return this.#away(site, durationMs(event.for), () => this.#federation.kill(site));
    }
  }

  async #away(site: string, forMs: number, end: () => Promise<void>): Promise<void> {
    this.#outages.set(site, this.#outagesOf(site) + 1);
    await this.#inTurn(site, end);
    await this.#federation.clock.sleep(forMs);
    this.#outages.set(site, this.#outagesOf(site) - 1);
    if (this.#outagesOf(site) > 0 || this.#gone.has(site)) return;
    await this.#inTurn(site, () => this.#federation.comeBack(site));
  }

  #outagesOf(site: string): number {
    return this.#outages.get(site) ?? 0;
  }

  #inTurn(site: string, act: () => Promise<void>): Promise<void> {
    const mine = (this.#turns.get(site) ?? Promise.resolve()).then(act);
    // Each failure is told to whoever asked for it; what comes next goes on.
    const over = () => undefined;
    this.#turns.set(site, mine.then(over, over));
    return mine;
  }
}
