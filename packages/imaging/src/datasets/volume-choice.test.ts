import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { contentKey } from './case.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import type { DatasetSpec } from './spec.js';

type Choice = Extract<DatasetSpec, { kind: 'dicom' }>['volume'];

const golden: Record<string, string> = JSON.parse(
  await readFile(new URL('../dicom/echoes.golden.json', import.meta.url), 'utf8'),
);

async function opened(name: string, volume: Choice = {}) {
  const path = await temporaryFolder();
  await writeFile(join(path, 'enhanced.dcm'), Buffer.from(golden[name] as string, 'base64'));
  const spec = { kind: 'dicom', path, volume } as const;
  return openDataset(spec, [], { labels: 'optional' });
}

describe('an enhanced file of several volumes at the same positions', () => {
  it.each([
    ['echoes', 'EchoTime: 5.5, 80'],
    ['bValues', 'DiffusionBValue: 0, 1000'],
  ])('%s: is refused, naming what can be chosen', async (name, values) => {
    const { cases, refused } = await opened(name);
    expect(cases).toEqual([]);
    expect(refused).toMatchObject([{ code: 'imaging/several-volumes' }]);
    expect(refused[0]!.reason).toContain(
      `2 volumes at the same positions, which differ in ${values}`,
    );
  });

  it.each([
    ['echoes', { EchoTime: 5.5 }, 0],
    ['echoes', { EchoTime: '80' }, 100],
    ['bValues', { DiffusionBValue: 0 }, 0],
    ['bValues', { DiffusionBValue: 1000, EchoTime: 80 }, 100],
  ])('%s: %o is the case', async (name, choice, first) => {
    const { cases, refused } = await opened(name, choice);
    expect(refused).toEqual([]);
    const { image } = await loadCase(cases[0]!, []);
    expect(image.shape).toEqual([5, 4, 3]);
    expect([0, 20, 40].map((at) => image.data[at])).toEqual([first, first + 1, first + 2]);
  });

  it('is refused where none of them is the one chosen', async () => {
    const { refused } = await opened('echoes', { EchoTime: 6 });
    expect(refused).toMatchObject([{ code: 'imaging/several-volumes' }]);
  });

  it('has other content for the cache by what is chosen', async () => {
    const keys = [5.5, 80].map(async (EchoTime) => {
      const { cases } = await opened('echoes', { EchoTime });
      return contentKey(cases[0]!);
    });
    expect(new Set(await Promise.all(keys)).size).toBe(2);
  });
});
