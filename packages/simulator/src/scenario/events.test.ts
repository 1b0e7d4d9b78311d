import { describe, expect, it } from 'vitest';
import {
  driftOf,
  eventSchema,
  latecomers,
  latenessMs,
  linkBytesPerSecond,
  mislabellingOf,
  poisonOf,
  spoiledUploads,
} from './events.js';

const events = [
  { kind: 'late', site: 'south', round: 2, untilRound: 3, by: '10m' },
  { kind: 'late', site: 'south', round: 3, by: '30s' },
  { kind: 'poison', site: 'east', round: 3, factor: -1 },
  { kind: 'poison', site: 'east', round: 4, factor: 10 },
  { kind: 'join', site: 'west', round: 2 },
  { kind: 'slow-link', site: 'south', round: 1, untilRound: 3, bytesPerSecond: 2_000 },
  { kind: 'slow-link', site: 'south', round: 2, bytesPerSecond: 500 },
  { kind: 'corrupt', site: 'south', round: 2 },
  { kind: 'corrupt', site: 'south', round: 2, uploads: 3 },
  { kind: 'drift', site: 'north', round: 4, noise: 0.2 },
  { kind: 'drift', site: 'north', round: 2, gain: 1.5 },
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

  it('slows its line to the slowest that was said, while it lasts', () => {
    const rates = [1, 2, 3, 4].map((round) => linkBytesPerSecond(events, 'south', round));
    expect(rates).toEqual([2_000, 500, 2_000, undefined]);
  });

  it('spoils so many of its uploads, in that round alone', () => {
    expect([1, 2, 3].map((round) => spoiledUploads(events, 'south', round))).toEqual([0, 4, 0]);
    expect(spoiledUploads(events, 'east', 2)).toBe(0);
  });

  it('lets its scanner drift from a round on, as the last drift has it', () => {
    const drifts = [1, 2, 3, 4, 9].map((round) => driftOf(events, 'north', round));
    expect(drifts.map((drift) => drift && [drift.gain, drift.noise])).toEqual([
      undefined,
      [1.5, 0],
      [1.5, 0],
      [1, 0.2],
      [1, 0.2],
    ]);
  });
});

it('an event that changes nothing is refused', () => {
  const idle = eventSchema.safeParse({ kind: 'poison', site: 'east', round: 1, factor: 1 });
  expect(idle.error?.issues[0]?.message).toMatch(/changes nothing/);
});

it('mislabelled classes swap from their round on, one swap after the other', () => {
  const events = [
    { kind: 'mislabel', site: 'east', round: 4, swap: ['background', 'organ'] },
    { kind: 'mislabel', site: 'east', round: 2, swap: ['organ', 'lesion'] },
    { kind: 'mislabel', site: 'east', round: 6, swap: ['background', 'organ'] },
    { kind: 'mislabel', site: 'east', round: 7, swap: ['lesion', 'organ'] },
  ].map((event) => eventSchema.parse(event));
  const at = (round: number, site = 'east') =>
    mislabellingOf(events, site, round, ['background', 'organ', 'lesion']);
  expect(at(1)).toBeUndefined();
  expect(at(3, 'south')).toBeUndefined();
  expect([...(at(3) ?? [])]).toEqual([0, 2, 1]);
  expect([...(at(5) ?? [])]).toEqual([1, 2, 0]);
  expect([...(at(6) ?? [])]).toEqual([0, 2, 1]);
  expect(at(7)).toBeUndefined();
});
