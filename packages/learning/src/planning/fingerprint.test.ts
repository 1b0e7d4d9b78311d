import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatasetSpec, type LabelMap, type Volume, voxelCount } from '@fedvox/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBall, writeBallDataset } from '../testing/phantom-dataset.js';
import { takeFingerprint } from './fingerprint.js';

const CLASSES = ['background', 'ball'];

describe('the fingerprint of a folder', () => {
  let folder: string;
  let dataset: DatasetSpec;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-fingerprint-'));
    dataset = await writeBallDataset(folder, 3);
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Of every three voxels two are of a structure, their values rising from one to the next; before them two planes of nothing. */
  const ramp = (from = 0): { image: Volume; label: LabelMap } => {
    const grid = {
      shape: [8, 6, 10] as const,
      affineRas: [0, 0, -3, 0, 2, 0, 0, 0, 0, 1, 0, 0] as const,
    };
    const voxels = voxelCount(grid);
    const image = {
      ...grid,
      data: new Float32Array(voxels).map((_, at) => (at < 96 ? 0 : at + from)),
    };
    const label = {
      ...grid,
      data: new Uint8Array(voxels).map((_, at) => (at < 96 || at % 3 === 0 ? 0 : 1)),
    };
    return { image, label } as unknown as { image: Volume; label: LabelMap };
  };

  const writeAll = async (caseOf: (at: number) => ReturnType<typeof ramp>) => {
    for (const at of [0, 1, 2]) await writeBall(folder, `ball_${at}.nii.gz`, caseOf(at));
  };

  it('says spacing and size along right, anterior and superior, whichever way the voxels run', async () => {
    await writeAll((at) => ramp(at));
    const found = await takeFingerprint({ datasets: [dataset], classes: CLASSES });
    expect(found).toMatchObject({ cases: 3, modality: 'MR' });
    expect(found.spacingsMm).toEqual(Array(3).fill([3, 2, 1]));
    // Along k, which is x here, two planes are empty.
    expect(found.sizes).toEqual(Array(3).fill([8, 8, 6]));
    expect(found.keptPart).toBeCloseTo(0.8, 10);
  });

  it('measures the structures’ voxels, and no others', async () => {
    const { intensities } = await takeFingerprint({ datasets: [dataset], classes: CLASSES });
    const values = [0, 1, 2].flatMap((from) =>
      [...ramp(from).image.data].filter((_, at) => at >= 96 && at % 3 !== 0),
    );
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(intensities.mean).toBeCloseTo(mean, 6);
    expect(intensities.standardDeviation).toBeCloseTo(Math.sqrt(variance), 6);
    expect(intensities.low).toBeLessThan(intensities.high);
    expect(intensities.low).toBeGreaterThanOrEqual(97);
  });

  it('is none of a folder without a labelled voxel, and says why', async () => {
    await writeAll((at) => {
      const { image, label } = ramp(at);
      return { image, label: { ...label, data: new Uint8Array(label.data.length) } };
    });
    await expect(takeFingerprint({ datasets: [dataset], classes: CLASSES })).rejects.toThrow(
      'no labelled voxel was found in 3 case(s)',
    );
  });
});
