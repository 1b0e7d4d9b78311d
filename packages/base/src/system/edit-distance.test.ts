import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestName } from './edit-distance.js';

describe('the distance between two words', () => {
  it.each([
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['hots', 'host', 1],
    ['publicHosts', 'publicHost', 1],
    ['ca', 'abc', 3],
  ])('of %j and %j is %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is the same both ways, and none for the same word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, a)).toBe(0);
      }),
    );
  });
});

describe('the name that was meant', () => {
  const names = ['federationPort', 'enrollmentPort', 'httpPort', 'host'];
  it.each([
    ['httpport', 'httpPort'],
    ['hots', 'host'],
    ['enrolmentPort', 'enrollmentPort'],
    ['timeout', undefined],
    ['x'.repeat(500), undefined],
  ])('by %s is %s', (word, meant) => {
    expect(nearestName(word, names)).toBe(meant);
  });
});
