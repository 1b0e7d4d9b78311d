import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affineFromColumns } from '../geometry/affine.js';
import type { Vec3 } from '../geometry/vector.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { readNrrd, readNrrdHeader } from './read.js';
import { writeNrrd } from './write.js';

/** Voxels of 1.5 × 2 × 3 mm that run to the right, to the back and up, from (10, 20, -30.125) RAS. */
const AFFINE = [1.5, 0, 0, 10, 0, -2, 0, 20, 0, 0, 3, -30.125, 0, 0, 0, 1];

describe('a written NRRD', () => {
  it('says size, type, space and voxels as 3D Slicer and ITK do, byte for byte', async () => {
    const path = join(await temporaryFolder(), 'label.nrrd');
    const data = Uint8Array.from([0, 1, 2, 3, 4, 255]);
    await writeNrrd(path, { shape: [3, 1, 2], affineRas: AFFINE, data });
    const bytes = await readFile(path);
    const end = bytes.indexOf('\n\n') + 2;
    // Right is -L, and anterior -P: both change their sign from RAS to LPS.
    expect(bytes.toString('latin1', 0, end)).toBe(
      [
        'NRRD0004',
        'type: uint8',
        'dimension: 3',
        'space: left-posterior-superior',
        'sizes: 3 1 2',
        'space directions: (-1.5,0,0) (0,2,0) (0,0,3)',
        'kinds: domain domain domain',
        'endian: little',
        'encoding: gzip',
        'space origin: (-10,-20,-30.125)',
        '\n',
      ].join('\n'),
    );
    expect([...gunzipSync(bytes.subarray(end))]).toEqual([...data]);
  });

  it('keeps float32 as it is', async () => {
    const path = join(await temporaryFolder(), 'image.nrrd');
    const data = Float32Array.from([0, -1.5, 1e-30, 3.4e38, Math.fround(0.1), 7]);
    await writeNrrd(path, { shape: [1, 2, 3], affineRas: AFFINE, data });
    expect((await readNrrdHeader(path)).sampleType.name).toBe('float32');
    expect(await readNrrd(path)).toEqual({ shape: [1, 2, 3], affineRas: AFFINE, data });
  });

  it('reads back to the same voxels at the same places, however they lie', async () => {
    const folder = await temporaryFolder();
    const component = fc.double({ min: -500, max: 500, noNaN: true });
    const vec3 = fc.tuple(component, component, component);
    await fc.assert(
      fc.asyncProperty(vec3, vec3, vec3, vec3, async (a, b, c, origin) => {
        // Added to a diagonal of thousands no axes fall together.
        const [i, j, k] = [a, b, c].map((step, axis) =>
          step.map((value, at) => (at === axis ? 2000 + value : value)),
        ) as unknown as [Vec3, Vec3, Vec3];
        const affineRas = affineFromColumns(i, j, k, origin);
        const path = join(folder, 'any.nrrd');
        const data = Uint8Array.from({ length: 24 }, (_, at) => at);
        await writeNrrd(path, { shape: [2, 3, 4], affineRas, data });
        const read = await readNrrd(path);
        expect(read.shape).toEqual([2, 3, 4]);
        expect(read.affineRas.map((value) => value + 0)).toEqual(
          affineRas.map((value) => value + 0),
        );
        expect([...read.data]).toEqual([...data]);
      }),
      { numRuns: 50 },
    );
  });
});
