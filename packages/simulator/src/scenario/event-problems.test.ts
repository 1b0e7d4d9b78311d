import { expect, it } from 'vitest';
import { eventProblems } from './event-problems.js';
import { eventSchema } from './events.js';

it('events that cannot happen are told all at once, each with its place', () => {
  const impossible = [
    { kind: 'late', site: 'nowhere', round: 1, by: '1m' },
    { kind: 'leave', site: 'east', round: 9 },
    { kind: 'late', site: 'east', round: 3, untilRound: 2, by: '1m' },
    { kind: 'join', site: 'east', round: 1 },
    { kind: 'join', site: 'east', round: 2 },
    { kind: 'slow-link', site: 'south', round: 2, untilRound: 7, bytesPerSecond: 1_000 },
    { kind: 'drift', site: 'south', round: 2 },
    { kind: 'join', site: 'west', round: 3 },
    { kind: 'crash', site: 'west', round: 2 },
    { kind: 'leave', site: 'west', round: 4 },
    { kind: 'leave', site: 'west', round: 5 },
    { kind: 'corrupt', site: 'west', round: 4 },
  ].map((event) => eventSchema.parse(event));
  const problems = eventProblems(impossible, { sites: ['east', 'south', 'west'], rounds: 5 });
  expect(problems.map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([
    '0.site is no site of this scenario; they are east, south, west',
    '1.round is after the last of 5 rounds',
    '2.untilRound is before round 3, where it begins',
    '3.round every site is there at round 1: leave the event out, or give a later round',
    '4.site joins twice',
    '5.untilRound is after the last of 5 rounds',
    '6.kind changes nothing: give a gain, a contrast, noise or a bias field',
    '8.round is before round 3, in which west joins',
    '10.site leaves twice',
    '11.round is not before round 4, in which west leaves',
  ]);
});

it('events that happen to sites while they are there are no problem', () => {
  const possible = [
    { kind: 'join', site: 'east', round: 2 },
    { kind: 'crash', site: 'east', round: 2 },
    { kind: 'leave', site: 'east', round: 4 },
    { kind: 'corrupt', site: 'south', round: 4 },
  ].map((event) => eventSchema.parse(event));
  expect(eventProblems(possible, { sites: ['east', 'south'], rounds: 4 })).toEqual([]);
});

it('what changes scans needs scans, and what changes labels the names of classes', () => {
  const events = [
    { kind: 'drift', site: 'east', round: 1, gain: 2 },
    { kind: 'mislabel', site: 'east', round: 1, swap: ['organ', 'lesion'] },
  ].map((event) => eventSchema.parse(event));
  const told = (stage: object) =>
    eventProblems(events, { sites: ['east'], ...stage }).map(
      ({ path, message }) => `${path.join('.')} ${message}`,
    );
  expect(told({})).toEqual([]);
  expect(told({ voxelClasses: ['background', 'lesion', 'organ'] })).toEqual([]);
  expect(told({ voxelClasses: ['background', 'organ'] })).toEqual([
    '1.swap lesion is no class of the job; they are background, organ',
  ]);
  expect(told({ voxelClasses: [] })).toEqual([
    '1.kind changes label maps, and the classes of this job are of cases',
  ]);
  expect(told({ hasSurrogate: true })).toEqual([
    '0.kind changes scans, and a surrogate stands for them',
    '1.kind changes scans, and a surrogate stands for them',
  ]);
});
