import type { CoordinatorEvent } from '../../src/page-contract.js';

/** Whose updates a round's model was made of, and whose were received and left out. Sorted. */
export interface MadeOf {
  readonly sites: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * By round, from what happened to a job. Updates of a round that made no model yet are not told.
 * @param firstRound rounds before it are not asked about: of a long job the last ones are shown
 */
export function modelsMadeOf(
  events: readonly CoordinatorEvent[],
  firstRound: number,
): ReadonlyMap<number, MadeOf> {
  const rounds = new Map<number, { readonly sites: Set<string>; readonly leftOut: Set<string> }>();
  const made = new Map<number, MadeOf>();
  const start = events.findLastIndex(
    ({ fact }) => fact.kind === 'round-opened' && fact.round < firstRound,
  );
  for (const { fact } of events.slice(start + 1)) {
    switch (fact.kind) {
      case 'round-opened':
        // Opened again after a failure, it keeps what it has.
        if (!rounds.has(fact.round)) {
          rounds.set(fact.round, { sites: new Set(), leftOut: new Set() });
        }
        break;
      case 'update-accepted':
        rounds.get(fact.round)?.sites.add(fact.site);
        break;
      case 'update-quarantined':
        rounds.get(fact.round)?.leftOut.add(fact.site);
        break;
      case 'update-released':
        rounds.get(fact.round)?.leftOut.delete(fact.site);
        break;
      case 'round-committed': {
        const round = rounds.get(fact.round);
        rounds.delete(fact.round);
        if (round === undefined) break;
        const leftOut = [...round.leftOut].sort();
        const sites = [...round.sites].filter((site) => !round.leftOut.has(site)).sort();
        made.set(fact.round, { sites, leftOut });
      }
    }
  }
  return made;
}
