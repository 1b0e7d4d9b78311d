import { readdir, readFile, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256, VirtualClock } from '@fedvox/base';
import { type PreprocessStep, preprocessStepSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import type { CaseRef } from '../datasets/case-ref.js';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import { CLASSES, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { preprocess } from '../transforms/preprocess.js';
import { encodeEntry } from './cache-entry.js';
import { openCache } from './case-cache.js';

const ZSCORE: PreprocessStep[] = [preprocessStepSchema.parse({ kind: 'zscore' })];

async function phantom(identity = 'case-1') {
  const folder = await temporaryFolder();
  await writePhantomCase(folder, identity);
  const { cases } = await openDataset({ kind: 'dicom', path: folder }, CLASSES);
  return { folder, ref: cases[0]! };
}

describe('the case cache', () => {
  it('gives what loading and preprocessing give, the first time and from disk', async () => {
    const { folder, ref } = await phantom();
    const expected = preprocess(await loadCase(ref, CLASSES), ZSCORE);
    const cacheFolder = await temporaryFolder();
    expect(await (await openCache(cacheFolder)).load(ref, CLASSES, ZSCORE)).toEqual(expected);
    const reopened = await openCache(cacheFolder);
    await reopened.load(ref, CLASSES, ZSCORE);
    // From here on the pixels can only come from the cache: the key was already worked out.
    for (const name of await readdir(join(folder, 'mr'))) await unlink(join(folder, 'mr', name));
    expect(await reopened.load(ref, CLASSES, ZSCORE)).toEqual(expected);
  });

  it('keeps an entry for each content and each sequence of steps', async () => {
    const cacheFolder = await temporaryFolder();
    const cache = await openCache(cacheFolder);
    const [a, b] = [await phantom('a'), await phantom('b')];
    const orient = preprocessStepSchema.parse({ kind: 'orient' });
    const nonzero = preprocessStepSchema.parse({ kind: 'zscore', nonzero: true });
    const pipelines = [[], ZSCORE, [nonzero], [orient, ...ZSCORE], [...ZSCORE, orient]];
    for (const { ref } of [a, b]) {
      for (const steps of pipelines) await cache.load(ref, CLASSES, steps);
    }
    expect(await readdir(cacheFolder)).toHaveLength(10);
  });

  it('makes an entry again that was cut short or damaged', async () => {
    const { ref } = await phantom();
    const cacheFolder = await temporaryFolder();
    const expected = await (await openCache(cacheFolder)).load(ref, CLASSES, ZSCORE);
    const [name] = await readdir(cacheFolder);
    const path = join(cacheFolder, name!);
    const whole = await readFile(path);
    const damages = [
      () => truncate(path, 0),
      () => truncate(path, 20),
      () => truncate(path, whole.length - 1),
      () => writeFile(path, Buffer.from(whole).fill(1, 200, 201)),
      () => writeFile(path, Buffer.concat([whole, Buffer.from([0])])),
    ];
    for (const damage of damages) {
      await damage();
      expect(await (await openCache(cacheFolder)).load(ref, CLASSES, ZSCORE)).toEqual(expected);
      expect(await readFile(path)).toEqual(whole);
    }
  });

  it('takes no entry of an earlier version, which may hold what is refused now', async () => {
    const { ref } = await phantom();
    const cacheFolder = await temporaryFolder();
    const cache = await openCache(cacheFolder);
    const content = await cache.contentKey(ref);
    const expected = await cache.load(ref, CLASSES, ZSCORE);
    const data = expected.image.data.map(() => -3e38);
    const spoilt = encodeEntry({ ...expected, image: { ...expected.image, data } });
    const [own] = await readdir(cacheFolder);
    await unlink(join(cacheFolder, own!));
    for (const version of [1, 2]) {
      const key = sha256(canonicalJson({ version, content, steps: ZSCORE }));
      await writeFile(join(cacheFolder, `${key}.case`), spoilt);
    }
    expect(await (await openCache(cacheFolder)).load(ref, CLASSES, ZSCORE)).toEqual(expected);
  });

  it('is shared by two that make the same case at the same time', async () => {
    const { ref } = await phantom();
    const cacheFolder = await temporaryFolder();
    const [a, b] = [await openCache(cacheFolder), await openCache(cacheFolder)];
    const [first, second] = await Promise.all([
      a.load(ref, CLASSES, ZSCORE),
      b.load({ ...ref }, CLASSES, ZSCORE),
    ]);
    expect(first).toEqual(second);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it('removes the entries used longest ago when it grows too large', async () => {
    const cacheFolder = await temporaryFolder();
    const [a, b, c] = [
      (await phantom('a')).ref,
      (await phantom('b')).ref,
      (await phantom('c')).ref,
    ];
    const entriesAfter = async (minute: number, ref: CaseRef, maxBytes: number) => {
      const clock = new VirtualClock({ startMs: minute * 60_000 });
      await (await openCache(cacheFolder, { maxBytes, clock })).load(ref, CLASSES, ZSCORE);
      return readdir(cacheFolder);
    };
    const [entryOfA] = await entriesAfter(0, a, 1e9);
    const entryBytes = (await stat(join(cacheFolder, entryOfA!))).size;
    const both = await entriesAfter(1, b, 1e9);
    await entriesAfter(2, a, 1e9);
    const kept = await entriesAfter(3, c, 2.5 * entryBytes);
    expect(kept).toHaveLength(2);
    expect(kept).toContain(entryOfA);
    expect(kept.filter((name) => both.includes(name))).toEqual([entryOfA]);
  });

  it('clears away what a killed process left, but not what another is writing', async () => {
    const cacheFolder = await temporaryFolder();
    const [old, fresh] = [join(cacheFolder, '.old.tmp'), join(cacheFolder, '.fresh.tmp')];
    for (const path of [old, fresh]) await writeFile(path, 'half an entry');
    const nowMs = Date.now();
    await utimes(old, nowMs / 1000 - 7200, nowMs / 1000 - 7200);
    await openCache(cacheFolder, { clock: new VirtualClock({ startMs: nowMs }) });
    expect(await readdir(cacheFolder)).toEqual(['.fresh.tmp']);
  });

  it('says so when its folder cannot be used', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(openCache(join(file, 'cache'))).rejects.toMatchObject({
      code: 'imaging/cache-unusable',
    });
  });
});
