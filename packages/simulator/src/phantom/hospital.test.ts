import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, sha256 } from '@fedvox/base';
import { loadCase, openDataset, preprocess } from '@fedvox/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawAnatomy, PHANTOM_CLASSES } from './anatomy.js';
import { writeHospital } from './hospital.js';
import { type PhantomSpec, phantomSchema } from './phantom.js';
import { type Acquisition, acquire } from './scanner.js';

const spec: PhantomSpec = phantomSchema.parse({
  kind: 'phantom',
  cases: 3,
  scanner: { spacingMm: [4, 4, 6], plane: 'coronal', storedBits: 12, signed: true, noise: 0.05 },
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-hospital-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function digests(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => `${file.slice(path.length)} ${sha256(await readFile(file))}`),
  );
}

describe('a phantom hospital', () => {
  it('is read back as it was scanned: images to half a stored step, labels exactly', async () => {
    const { cases, refused } = await openDataset(
      await writeHospital(folder, 'north', spec, 5),
      PHANTOM_CLASSES,
    );
    expect(refused).toEqual([]);
    expect(cases.map(({ modality }) => modality)).toEqual(['MR', 'MR', 'MR']);
    const scans = Array.from({ length: 3 }, (_, index) => upright(scanned(index)));
    for (const ref of cases) {
      const { image, label } = upright((await loadCase(ref, PHANTOM_CLASSES)) as Acquisition);
      const twin = scans.find((scan) => Buffer.from(scan.label.data).equals(label.data));
      expect(twin, 'a patient with the very same label').toBeDefined();
      expectSameNumbers(image.affineRas, twin!.image.affineRas, 1e-6);
      const range = Math.max(...twin!.image.data) - Math.min(...twin!.image.data);
      expectSameNumbers(image.data, twin!.image.data, (0.51 * range) / 4095);
    }
  });

  it('is the same, byte for byte, from the same seed, and another from another', async () => {
    await writeHospital(join(folder, 'a'), 'north', spec, 5);
    await writeHospital(join(folder, 'b'), 'north', spec, 5);
    await writeHospital(join(folder, 'c'), 'north', spec, 6);
    expect(await digests(join(folder, 'b'))).toEqual(await digests(join(folder, 'a')));
    expect(await digests(join(folder, 'c'))).not.toEqual(await digests(join(folder, 'a')));
  });

  it('plants a fake patient name and id in every file', async () => {
    await writeHospital(folder, 'north', { ...spec, cases: 2 }, 5);
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith('.dcm')) continue;
      const text = await readFile(join(folder, file), 'latin1');
      expect(text).toMatch(/Doe\^(Jane|John)\^NORTH-00\d/);
      expect(text).toMatch(/PID-NORTH-00\d-SECRET/);
    }
  });
});

/** Patient `index` of the hospital above as its scanner saw them, before any file was written. */
function scanned(index: number): Acquisition {
  const random = seededRandom(`phantom/5/north/${index}`);
  const anatomy = drawAnatomy(random.fork('anatomy'), index % 2 === 0);
  return acquire(anatomy, spec.scanner, random.fork('acquisition'));
}

/** Turned to RAS: the order of the slices in the files is nobody's business. */
function upright(scan: Acquisition): Acquisition {
  return preprocess(scan, [{ kind: 'orient', axes: 'RAS' }]);
}

function expectSameNumbers(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): void {
  expect(a.length).toBe(b.length);
  const difference = Array.from(a, (value, index) => Math.abs(value - (b[index] as number)));
  expect(Math.max(...difference)).toBeLessThanOrEqual(tolerance);
}
