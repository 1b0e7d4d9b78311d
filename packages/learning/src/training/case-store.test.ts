import { seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { ballCase } from '../testing/phantoms.js';
import { CaseStore } from './case-store.js';

/** 8³ voxels of four bytes for the image and one for the label. */
const CASE_BYTES = 8 ** 3 * 5;

function counted() {
  let loads = 0;
  const load = async () => {
    loads++;
    return ballCase(seededRandom(1));
  };
  return { load, loads: () => loads };
}

describe('the store of cases', () => {
  it('loads what it keeps only once', async () => {
    const store = new CaseStore();
    const { load, loads } = counted();
    const first = await store.get('a', load);
    expect(await store.get('a', load)).toBe(first);
    expect(loads()).toBe(1);
  });

  it('keeps no more bytes than it may, and loads the rest anew', async () => {
    const store = new CaseStore(2 * CASE_BYTES + 1);
    const [a, b, c] = [counted(), counted(), counted()];
    for (let epoch = 0; epoch < 3; epoch++) {
      await store.get('a', a.load);
      await store.get('b', b.load);
      await store.get('c', c.load);
    }
    expect([a.loads(), b.loads(), c.loads()]).toEqual([1, 1, 3]);
  });
});
