import { describe, expect, it } from 'vitest';
import { PaceColumns } from './pace-columns.js';
import type { AnsweredRound, SiteAnswer } from './round-answers.js';

const SITES = ['south', 'north', 'west'];
const KINDS = ['answered', 'answered', 'late', 'declined', 'given-up', null] as const;

/** Every kind of answer, in another order for each site. */
function rounds(count: number, isLastOpen: boolean): AnsweredRound[] {
  return Array.from({ length: count }, (_, index): AnsweredRound => {
    const openedAtMs = index * 1_000;
    const answers = SITES.flatMap((site, k): [string, SiteAnswer][] => {
      const kind = KINDS[(index * (k + 1)) % KINDS.length] ?? null;
      return kind === null ? [] : [[site, { kind, atMs: openedAtMs + 10 * ((index * 7) % 13) }]];
    });
    return {
      ...{ round: index, work: 'train', openedAtMs, cause: null },
      endedAtMs: isLastOpen && index === count - 1 ? null : openedAtMs + 900,
      sites: new Set(SITES),
      answers: new Map(answers),
    };
  });
}

describe('what was added up of rounds by column', () => {
  it('is the same for whoever is told round after round as for whoever is told all at once', () => {
    const kept = new PaceColumns();
    const ended = rounds(120, false);
    for (let count = 1; count <= 120; count++) {
      const open = rounds(count, true).slice(-1);
      const known = [...ended.slice(0, count - 1), ...open];
      const span = { first: 0, perColumn: Math.ceil(count / 50) };
      expect(kept.after(known, span)).toEqual(new PaceColumns().after(known, span));
    }
  });

  it('goes on from nothing of another job', () => {
    const kept = new PaceColumns();
    const span = { first: 0, perColumn: 1 };
    kept.after(rounds(60, false), span);
    const others = rounds(70, false).slice(5);
    expect(kept.after(others, span)).toEqual(new PaceColumns().after(others, span));
  });

  it('has the median of a site’s answers, those after the deadline too, and the longest in time', () => {
    const [, row] = new PaceColumns().after(rounds(5, false), { first: 0, perColumn: 5 });
    // Of south: round 0 is the gate, 1 took 70 ms, 2 came late after 10 ms; the others were no answers.
    expect(row).toMatchObject({ site: 'south', medianMs: 40 });
    expect(row?.columns.get(0)).toEqual({
      longestMs: 70,
      others: new Set(['late', 'declined', 'given-up']),
    });
  });
});
