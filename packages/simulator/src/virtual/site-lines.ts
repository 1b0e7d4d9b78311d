import type { Clock } from '@fedvox/base';
import type { Wire } from '@fedvox/transport';
import { linkBytesPerSecond, type ScenarioEvent, spoiledUploads } from '../scenario/events.js';
import { SiteLine } from './site-line.js';

/** The lines of a federation's sites, as its events have them. */
export class SiteLines {
  /** The round that opened last, which events go by; 0 before the first. */
  round = 0;
  readonly #wire: Pick<Wire, 'dial'>;
  readonly #clock: Clock;
  readonly #events: readonly ScenarioEvent[];
  /** Uploads that were spoiled, by site and round: a restarted agent does not begin anew. */
  readonly #spoiled = new Map<string, number>();

  constructor(wire: Pick<Wire, 'dial'>, clock: Clock, events: readonly ScenarioEvent[]) {
    this.#wire = wire;
    this.#clock = clock;
    this.#events = events;
  }

  /** One for each life of an agent. */
  open(site: string): SiteLine {
    return new SiteLine(this.#wire, this.#clock, {
      bytesPerSecond: () => linkBytesPerSecond(this.#events, site, this.round),
      spoils: () => {
        const key = `${site}/${this.round}`;
        const done = this.#spoiled.get(key) ?? 0;
        if (done >= spoiledUploads(this.#events, site, this.round)) return false;
        this.#spoiled.set(key, done + 1);
        return true;
      },
    });
  }
}
