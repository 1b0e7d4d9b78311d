import type { CoordinatorEvent } from '../rest-contract.js';
import type { CoordinatorClient } from './coordinator-client.js';

/** All that has happened to a job so far, in its order. */
export async function jobEvents(
  client: Pick<CoordinatorClient, 'events'>,
  id: string,
): Promise<CoordinatorEvent[]> {
  const own: CoordinatorEvent[] = [];
  for (let after = 0; ; ) {
    const events = await client.events(after, 0, undefined, id);
    const last = events.at(-1);
    if (last === undefined) return own;
    own.push(...events);
    after = last.sequence;
  }
}
