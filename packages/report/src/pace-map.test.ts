import { describe, expect, it } from 'vitest';
import { paceMap } from './pace-map.js';
import type { AnsweredRound, SiteAnswer } from './round-answers.js';
import { WORDS } from './words/languages.js';

const MINUTE_MS = 60_000;
/** North always takes 10 minutes, south 40, but for what is said of a round. */
function rounds(count: number, odd: Readonly<Record<number, number | 'declined' | null>> = {}) {
  return Array.from({ length: count }, (_, index): AnsweredRound => {
    const openedAtMs = index * 60 * MINUTE_MS;
    const took = (minutes: number): SiteAnswer => ({
      ...{ kind: 'answered', atMs: openedAtMs + minutes * MINUTE_MS },
    });
    const own = odd[index + 1] === undefined ? 40 : odd[index + 1];
    const south: SiteAnswer | null =
      own === 'declined' ? { kind: 'declined', atMs: openedAtMs } : own == null ? null : took(own);
    return {
      ...{ round: index + 1, work: 'train', openedAtMs, endedAtMs: openedAtMs + 59 * MINUTE_MS },
      ...{ cause: 'all-answered', sites: new Set(['north', 'south']) },
      answers: new Map([
        ['north', took(10)],
        ...(south === null ? [] : [['south', south] as const]),
      ]),
    };
  });
}

/** What a site's row says, by round. */
function rowOf(site: string, of: readonly AnsweredRound[]) {
  const { lanes, looks } = paceMap(of, WORDS.en);
  const spans = lanes.find(({ name }) => name === site)?.spans ?? [];
  return spans.map(({ from, to, look }) => [from + 0.5, to - from, looks[look]?.name]);
}

describe('a map of many rounds', () => {
  it('holds each answer against the median of its own site’s, not against the others’', () => {
    expect(rowOf('north', rounds(60))).toEqual([[1, 60, 'as usual']]);
    expect(rowOf('south', rounds(60))).toEqual([[1, 60, 'as usual']]);
  });

  it('shows what took longer, step by step, and what was no answer', () => {
    const odd = { 5: 60, 6: 150, 7: 400, 8: 'declined', 9: null } as const;
    expect(rowOf('south', rounds(60, odd)).slice(1, 6)).toEqual([
      [5, 1, 'up to twice its median'],
      [6, 1, 'up to 4 times'],
      [7, 1, 'longer still'],
      [8, 1, 'declined'],
      [9, 1, 'no answer'],
    ]);
  });

  it('puts rounds together where there are too many, by the one to look at first', () => {
    const of = rounds(1_000, { 503: 100, 504: null });
    expect(rowOf('south', of)).toEqual([
      [1, 500, 'as usual'],
      [501, 10, 'no answer'],
      [511, 490, 'as usual'],
    ]);
    expect(paceMap(of, WORDS.en).description).toContain('Each column stands for 10 rounds');
  });
});
