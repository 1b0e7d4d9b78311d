import { describe, expect, it } from 'vitest';
import { seededChance } from './chance.js';
import { seededRandom } from './random.js';
import { systemChance } from './system/system-chance.js';

describe('chance', () => {
  it('makes ids of 16 letters that cannot be mistaken, no two alike', () => {
    for (const chance of [systemChance, seededChance(seededRandom('chance'))]) {
      const ids = Array.from({ length: 1_000 }, () => chance.id());
      expect(ids.filter((id) => !/^[0-9a-hjkmnp-tv-z]{16}$/.test(id))).toEqual([]);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('is the same from the same seed, however ids and numbers are mixed', () => {
    const first = seededChance(seededRandom(7));
    const second = seededChance(seededRandom(7));
    const ids = [first.id(), first.id()];
    const numbers = [first.uniform(), first.uniform()];
    expect([second.uniform(), second.id(), second.uniform(), second.id()]).toEqual([
      numbers[0],
      ids[0],
      numbers[1],
      ids[1],
    ]);
    expect(seededChance(seededRandom(8)).id()).not.toBe(ids[0]);
  });
});
