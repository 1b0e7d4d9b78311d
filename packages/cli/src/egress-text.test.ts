import type { EgressSums } from '@fedvox/agent/records';
import { describe, expect, it } from 'vitest';
import { egressText } from './egress-text.js';

const tallies = {
  control: { messages: 9, bytes: 300 },
  delta: { messages: 2, bytes: 3_400_000 },
};
const sums: EgressSums = {
  ...{ through: 11, firstAt: '2026-01-02T03:04:05.000Z', lastAt: '2026-01-03T00:00:00.000Z' },
  kinds: tallies,
  days: { '2026-01-03': { control: tallies.control }, '2026-01-02': { delta: tallies.delta } },
  jobs: { 'lesion-1': { delta: tallies.delta } },
  ...{ gaps: [], gapCount: 0 },
};

describe('what left a site, in words', () => {
  it('is in all, by kind, by job and by day, and that the account of it is whole', () => {
    const text = egressText(sums);
    expect(text).toMatch(/^3\.4 MB left this site in 11 messages/);
    expect(text).toMatch(/weight deltas +2 +3400000/);
    expect(text).toMatch(/lesion-1 +2 +3400000/);
    expect(text.indexOf('2026-01-02  ')).toBeLessThan(text.indexOf('2026-01-03  '));
    expect(text).toMatch(/The ledger is whole/);
  });

  it('says where it is broken', () => {
    const gap = { kind: 'missing', after: 4, next: 9, place: 'egress.jsonl, line 5' } as const;
    const text = egressText({ ...sums, gaps: [gap], gapCount: 3 });
    expect(text).toContain('BROKEN in 3 places');
    expect(text).toMatch(/egress\.jsonl, line 5: entry 9 after 4\n {2}and 2 more/);
  });
});
