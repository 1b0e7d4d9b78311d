import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptRounds } from './kept-rounds.js';

let root: string;
let kept: KeptRounds;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fedvox-kept-'));
  kept = new KeptRounds(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const deltaOf = (round: number) => sha256(`delta ${round}`);

/** What a trainer leaves, put in its place. */
async function keep(round: number, text = `of round ${round}`, delta = deltaOf(round)) {
  const from = join(root, '.work');
  mkdirSync(from);
  writeFileSync(join(from, 'note'), text);
  await kept.put('job', round, { baseModel: sha256(`base ${round}`), delta }, from);
}

async function before(round: number): Promise<[number, string, boolean] | null> {
  const found = await kept.before('job', round);
  if (found === null) return null;
  return [found.round, readFileSync(join(found.folder, 'note'), 'utf8'), found.isAccepted];
}

describe('what a strategy keeps at a site', () => {
  it('is of the latest round before, and accepted only with the delta that it was kept with', async () => {
    expect(await before(1)).toBeNull();
    await keep(1);
    expect(await before(1)).toBeNull();
    expect(await before(2)).toEqual([1, 'of round 1', false]);
    await kept.accept('job', 1, sha256('another delta'));
    await kept.accept('job', 2, deltaOf(1));
    expect(await before(2)).toEqual([1, 'of round 1', false]);
    await kept.accept('job', 1, deltaOf(1));
    expect(await before(2)).toEqual([1, 'of round 1', true]);
    expect(await before(9)).toEqual([1, 'of round 1', true]);
  });

  it('is replaced where a round is done again, from what the one before left, and is not accepted then', async () => {
    await keep(1);
    await kept.accept('job', 1, deltaOf(1));
    await keep(2);
    await kept.accept('job', 2, deltaOf(2));
    expect(await before(2)).toEqual([1, 'of round 1', true]);
    await keep(2, 'again');
    expect(await before(2)).toEqual([1, 'of round 1', true]);
    expect(await before(3)).toEqual([2, 'again', false]);
  });

  it('is of the last accepted one too, however many after it were not', async () => {
    for (const round of [1, 2, 3, 4]) {
      await keep(round);
      if (round === 2) await kept.accept('job', 2, deltaOf(2));
    }
    expect(readdirSync(join(root, 'job')).sort()).toEqual(['2', '3', '4']);
    expect((await kept.acceptedBefore('job', 5))?.round).toBe(2);
    expect(await kept.acceptedBefore('job', 2)).toBeNull();
    await kept.accept('job', 4, deltaOf(4));
    await keep(5);
    expect(readdirSync(join(root, 'job')).sort()).toEqual(['4', '5']);
  });

  it('is of two rounds at most: also where rounds were missed, and where the job went back', async () => {
    for (const round of [1, 2, 3, 7]) await keep(round);
    expect(readdirSync(join(root, 'job')).sort()).toEqual(['3', '7']);
    expect(await before(7)).toEqual([3, 'of round 3', false]);
    await keep(4);
    expect(readdirSync(join(root, 'job')).sort()).toEqual(['3', '4']);
  });

  it('is without what a crash left half done, and goes when it is told to', async () => {
    await keep(1);
    mkdirSync(join(root, 'job', '.leaving-x'));
    mkdirSync(join(root, '.leaving-y'));
    await kept.removeLeftovers();
    expect(readdirSync(root)).toEqual(['job']);
    expect(readdirSync(join(root, 'job'))).toEqual(['1']);
    expect(await kept.jobs()).toEqual(['job']);
    await kept.forget('job');
    await kept.forget('another');
    expect(existsSync(join(root, 'job'))).toBe(false);
  });
});
