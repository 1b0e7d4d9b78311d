import { describe, expect, it } from 'vitest';
import { keepRecent } from './keep-recent.js';

describe('a map of the most recent entries', () => {
  it('lets the one go that was put in longest ago, however early it first came', () => {
    const map = new Map<string, number>();
    for (const [at, key] of ['a', 'b', 'a', 'c'].entries()) keepRecent(map, key, at, 2);
    expect([...map]).toEqual([
      ['a', 2],
      ['c', 3],
    ]);
  });
});
