import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import { CLASSES } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

interface Golden {
  readonly images: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly label: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./seg.golden.json', import.meta.url), 'utf8'),
);

async function folderWith(segmentation: string): Promise<string> {
  const folder = await temporaryFolder();
  const files = [...golden.images, segmentation];
  for (const [index, file] of files.entries()) {
    await writeFile(join(folder, `${index}`), Buffer.from(file, 'base64'));
  }
  return folder;
}

describe('segmentations that pydicom wrote', () => {
  it.each(golden.cases)('$name: every voxel is the same', async ({ file, label }) => {
    const { cases, refused } = await openDataset(
      { kind: 'dicom', path: await folderWith(file) },
      CLASSES,
    );
    expect(refused).toEqual([]);
    const loaded = await loadCase(cases[0]!, CLASSES);
    expect([...loaded.label!.data]).toEqual(label);
  });
});

describe('a damaged segmentation', () => {
  it('costs its series a refusal by name, wherever it is cut', async () => {
    const whole = Buffer.from(golden.cases[0]!.file, 'base64');
    const folder = await folderWith(golden.cases[0]!.file);
    const path = join(folder, `${golden.images.length}`);
    for (let length = 140; length < whole.length; length += 97) {
      await writeFile(path, whole.subarray(0, length));
      const { cases, refused } = await openDataset({ kind: 'dicom', path: folder }, CLASSES);
      const outcome =
        cases[0] === undefined
          ? refused[0]
          : await loadCase(cases[0], CLASSES).catch((error) => error);
      expect(outcome).toMatchObject({ code: expect.stringMatching(/^imaging\//) });
    }
  });
});
