import { describe, expect, it } from 'vitest';
import { eventProblems, eventSchema, latecomers, latenessMs, poisonOf } from './events.js';

const events = [
  { kind: 'late', site: 'south', round: 2, untilRound: 3, by: '10m' },
  { kind: 'late', site: 'south', round: 3, by: '30s' },
  { kind: 'poison', site: 'east', round: 3, factor: -1 },
  { kind: 'poison', site: 'east', round: 4, factor: 10 },
  { kind: 'join', site: 'west', round: 2 },
].map((event) => eventSchema.parse(event));

describe('what befalls a site', () => {
  it('makes it late in the rounds that are named, and in no other', () => {
    const late = [1, 2, 3, 4].map((round) => latenessMs(events, 'south', round));
    expect(late).toEqual([0, 600_000, 630_000, 0]);
    expect(latenessMs(events, 'east', 2)).toBe(0);
  });

  it('bends its deltas from a round on, by all that was said of it', () => {
    expect([2, 3, 4, 9].map((round) => poisonOf(events, 'east', round))).toEqual([1, -1, -10, -10]);
    expect(poisonOf(events, 'south', 3)).toBe(1);
  });

  it('is told of those who come later', () => {
    expect([...latecomers(events)]).toEqual(['west']);
  });
});

describe('events that cannot happen', () => {
  it('are told all at once, each with its place', () => {
    const impossible = [
      { kind: 'late', site: 'nowhere', round: 1, by: '1m' },
      { kind: 'leave', site: 'east', round: 9 },
      { kind: 'late', site: 'east', round: 3, untilRound: 2, by: '1m' },
      { kind: 'join', site: 'east', round: 1 },
      { kind: 'join', site: 'east', round: 2 },
    ].map((event) => eventSchema.parse(event));
    const problems = eventProblems(impossible, ['east', 'south'], 5);
    expect(problems.map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([
      '0.site is no site of this scenario; they are east, south',
      '1.round is after the last of 5 rounds',
      '2.untilRound is before round 3, where it begins',
      '3.round every site is there at round 1: leave the event out, or give a later round',
      '4.site joins twice',
    ]);
  });

  it('are refused where they change nothing', () => {
    const idle = eventSchema.safeParse({ kind: 'poison', site: 'east', round: 1, factor: 1 });
    expect(idle.error?.issues[0]?.message).toMatch(/changes nothing/);
  });
});
