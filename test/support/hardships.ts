import { type Random, shuffled } from '@fedvox/base';
import type { Relay } from './relay.js';

/** What befalls a site: of twelve hardships so many are of a kind. */
const BAG = [
  ...Array(5).fill('line-cut'),
  ...Array(4).fill('line-held'),
  ...Array(2).fill('agent-killed'),
  'coordinator-killed',
] as const;
/** Between two of them; a round takes some 50,000 bytes of a site's line. */
const QUIET_BYTES = { fewest: 10_000, most: 200_000 };

export type HardshipKind = 'line-cut' | 'line-held' | 'agent-killed' | 'coordinator-killed';

/** Calls `befall` again and again, each time after so many more bytes on a site's line, for ever. */
export function harass(relay: Relay, random: Random, befall: (kind: HardshipKind) => void): void {
  let bag: HardshipKind[] = [];
  const next = () => {
    const { fewest, most } = QUIET_BYTES;
    relay.after(fewest + random.below(most - fewest), () => {
      if (bag.length === 0) bag = shuffled(BAG, random);
      const kind = bag.pop();
      if (kind !== undefined) befall(kind);
      next();
    });
  };
  next();
}
