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

/** What is in store for sites as a round opens. */
export async function befall(
  federation: Befallen,
  events: readonly ScenarioEvent[],
  round: number,
): Promise<void> {
  const due = events.filter((event) => event.round === round);
  await Promise.all(due.map((event) => happen(federation, event)));
}

async function happen(federation: Befallen, event: ScenarioEvent): Promise<void> {
  const { clock } = federation;
  switch (event.kind) {
    case 'late':
    case 'poison':
    case 'drift':
      return; // the site's trainer knows of it
    case 'slow-link':
    case 'corrupt':
      return; // its line does
    case 'join':
      return federation.join(event.site);
    case 'leave':
      return federation.leave(event.site);
    case 'offline':
      await federation.leave(event.site);
      await clock.sleep(durationMs(event.for));
      return federation.comeBack(event.site);
    case 'crash':
      await clock.sleep(durationMs(event.after));
      await federation.kill(event.site);
      await clock.sleep(durationMs(event.for));
      return federation.comeBack(event.site);
  }
}
