import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepCopy, keptCopies, putBack, removeCopy, verifyCopy } from './kept-copies.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fedvox-copies-'));
  mkdirSync(join(root, 'outbox'));
  writeFileSync(join(root, 'outbox', 'answer'), 'signed');
  writeFileSync(join(root, 'counter.json'), '7');
});
afterEach(() => rmSync(root, { recursive: true }));

const paths = ['outbox', 'counter.json', 'kept'];
const keep = (program: string, takenAtMs = 5) =>
  keepCopy({ root, program, from: 1, to: 2, takenAtMs, paths });
const names = () => readdirSync(root).sort();

describe('a copy of what an upgrade changes', () => {
  it('holds what there is, with digests, and says what it is of', async () => {
    const copy = await keep('0.2.0');
    expect(copy.folder).toBe(join(root, 'before-0.2.0'));
    expect(copy.note).toMatchObject({ program: '0.2.0', from: 1, to: 2, takenAtMs: 5, paths });
    expect(copy.note.files.map(({ path }) => path)).toEqual(['counter.json', 'outbox/answer']);
    expect(await keptCopies(root)).toEqual([copy]);
    await verifyCopy(copy);
    writeFileSync(join(root, 'counter.json'), '8');
    await putBack(copy, 'counter.json', join(root, 'counter.json'));
    expect(readFileSync(join(root, 'counter.json'), 'utf8')).toBe('7');
  });

  it('is found out where a file of it is another, or missing', async () => {
    const copy = await keep('0.2.0');
    writeFileSync(join(copy.folder, 'counter.json'), '9');
    await expect(verifyCopy(copy)).rejects.toMatchObject({ code: 'base/copy-unusable' });
    rmSync(join(copy.folder, 'counter.json'));
    await expect(verifyCopy(copy)).rejects.toMatchObject({ code: 'base/copy-unusable' });
    rmSync(join(copy.folder, 'copy.json'));
    await expect(keptCopies(root)).rejects.toMatchObject({ code: 'base/copy-unusable' });
  });

  it('is replaced by the same version’s, and the oldest of three goes', async () => {
    await keep('0.2.0', 1);
    writeFileSync(join(root, 'counter.json'), '8');
    await keep('0.2.0', 2);
    expect(readFileSync(join(root, 'before-0.2.0', 'counter.json'), 'utf8')).toBe('8');
    await keep('0.3.0', 3);
    await keep('0.4.0', 4);
    expect((await keptCopies(root)).map(({ note }) => note.program)).toEqual(['0.4.0', '0.3.0']);
    expect(names()).toEqual(['before-0.3.0', 'before-0.4.0', 'counter.json', 'outbox']);
  });

  it('is there whole or not at all: what a kill left half made is none, and goes with the next', async () => {
    mkdirSync(join(root, 'before-.arriving-abc'));
    writeFileSync(join(root, 'before-.arriving-abc', 'counter.json'), '7');
    mkdirSync(join(root, 'before-.leaving-abc'));
    expect(await keptCopies(root)).toEqual([]);
    const copy = await keep('0.2.0');
    expect(names()).toEqual(['before-0.2.0', 'counter.json', 'outbox']);
    await removeCopy(copy);
    expect(names()).toEqual(['counter.json', 'outbox']);
  });

  it('leaves nothing behind where it cannot be made', async () => {
    const fill = async () => {
      throw new Error('the disk is full');
    };
    const order = { root, program: '0.2.0', from: 1, to: 2, takenAtMs: 5, paths, fill };
    await expect(keepCopy(order)).rejects.toThrow('the disk is full');
    expect(names()).toEqual(['counter.json', 'outbox']);
  });
});
