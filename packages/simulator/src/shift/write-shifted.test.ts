import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File } from '@fedvox/base/system';
import { type DatasetSpec, loadCase, openDataset } from '@fedvox/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PHANTOM_CLASSES } from '../phantom/anatomy.js';
import { writeHospital } from '../phantom/hospital.js';
import { phantomSchema } from '../phantom/phantom.js';
import { shiftSchema } from '../scenario/scanner-shift.js';
import { writeShifted } from './write-shifted.js';

const { signal } = new AbortController();
const shift = shiftSchema.parse({ gain: 3, noise: 0.05, axes: 'LPS' });

let root: string;
let hospital: DatasetSpec;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-shift-'));
  const scanner = { spacingMm: [6, 6, 6], noise: 0.01 };
  const spec = phantomSchema.parse({ kind: 'phantom', cases: 3, scanner });
  hospital = await writeHospital(join(root, 'hospital'), 'north', spec, 5);
});
afterAll(() => rm(root, { recursive: true }));

const written = (name: string, seed = 'north') =>
  writeShifted(hospital, shift, {
    folder: join(root, name),
    classes: PHANTOM_CLASSES,
    seed,
    signal,
  });
const meanOf = (data: Float32Array) => data.reduce((sum, each) => sum + each, 0) / data.length;

describe('cases of a shifted scanner', () => {
  it('are those of the site, of the same patients and labels, as the other scanner shows them', async () => {
    const [before, after] = await Promise.all(
      [hospital, await written('a')].map((spec) => openDataset(spec, PHANTOM_CLASSES)),
    );
    expect(after?.refused).toEqual([]);
    expect(after?.cases.map(({ modality }) => modality)).toEqual(['MR', 'MR', 'MR']);
    expect(new Set(after?.cases.map(({ patientKey }) => patientKey)).size).toBe(3);
    const voxels = async (dataset: typeof before) =>
      Promise.all(
        (dataset?.cases ?? []).map(async (ref) => {
          const { image, label } = await loadCase(ref, PHANTOM_CLASSES);
          const counts = PHANTOM_CLASSES.map((_, value) =>
            label?.data.reduce((sum, each) => sum + Number(each === value), 0),
          );
          return { counts: counts.join(), mean: meanOf(image.data) };
        }),
      );
    const [was, is] = [await voxels(before), await voxels(after)];
    expect(is.map(({ counts }) => counts).sort()).toEqual(was.map(({ counts }) => counts).sort());
    for (const { counts, mean } of is) {
      const twin = was.find((each) => each.counts === counts);
      expect(mean / (twin?.mean ?? 0)).toBeGreaterThan(2.9);
    }
  });

  it('are the same, byte for byte, from the same seed', async () => {
    const digests = async (spec: DatasetSpec) => {
      const folder = join(spec.path, 'imagesTr');
      const names = (await readdir(folder)).sort();
      return Promise.all(names.map((name) => sha256File(join(folder, name))));
    };
    const first = await digests(await written('b'));
    expect(await digests(await written('c'))).toEqual(first);
    expect(await digests(await written('d', 'south'))).not.toEqual(first);
  });
});
