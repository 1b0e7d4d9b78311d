import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spacingMm } from '../geometry/grid.js';
import { parseNiftiHeader } from './header.js';
import { readNifti, readNiftiHeader } from './read.js';
import { encodeNifti, writeNifti } from './write.js';

interface Golden {
  readonly provenance: string;
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly shape: readonly number[];
    readonly affine: readonly number[];
    readonly values: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./nifti.golden.json', import.meta.url), 'utf8'),
);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-nifti-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(bytes: Uint8Array, name = 'volume.nii'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

function goldenFile(name: string): Buffer {
  const found = golden.cases.find((each) => each.name === name);
  return Buffer.from(found?.file ?? '', 'base64');
}

describe('reading what nibabel reads', () => {
  it.each(golden.cases)('$name: shape, affine and every value are the same', async (expected) => {
    const path = await fileOf(Buffer.from(expected.file, 'base64'));
    const volume = await readNifti(path);
    expect(volume.shape).toEqual(expected.shape);
    for (const [index, value] of expected.affine.entries()) {
      expect(volume.affineRas[index]).toBeCloseTo(value, 6);
    }
    expect([...volume.data]).toEqual(expected.values.map(Math.fround));
  });
});

describe('headers that other tools write', () => {
  it('takes voxel sizes alone as RAS+ and warns that it had to', async () => {
    const bytes = goldenFile('uint8, sform');
    bytes.writeInt16LE(0, 252);
    bytes.writeInt16LE(0, 254);
    bytes.writeFloatLE(2.5, 88);
    const header = await readNiftiHeader(await fileOf(bytes));
    expect(header.warnings).toEqual(['orientation-assumed']);
    expect(header.grid.affineRas[10]).toBe(2.5);
  });

  it('converts metres and microns to millimetres', async () => {
    const bytes = goldenFile('uint8, sform');
    const inMm = parseNiftiHeader('mm', bytes).grid.affineRas;
    bytes.writeUInt8(1, 123);
    expect(parseNiftiHeader('m', bytes).grid.affineRas[0]).toBeCloseTo(1000 * inMm[0]!, 3);
    bytes.writeUInt8(3, 123);
    expect(parseNiftiHeader('um', bytes).grid.affineRas[0]).toBeCloseTo(inMm[0]! / 1000, 9);
  });

  it('leaves values as stored where a slope is 0 or was never set, and refuses half of a scale', () => {
    const scaled = (slope: number, intercept: number) => {
      const bytes = goldenFile('uint8, sform');
      bytes.writeFloatLE(slope, 112);
      bytes.writeFloatLE(intercept, 116);
      const header = parseNiftiHeader('x', bytes);
      return [header.slope, header.intercept];
    };
    expect(scaled(0, 7)).toEqual([1, 0]);
    expect(scaled(Number.NaN, Number.NaN)).toEqual([1, 0]);
    expect(scaled(2, -3)).toEqual([2, -3]);
    expect(() => scaled(2, Number.NaN)).toThrow(/scaled by 2 plus NaN/);
    expect(() => scaled(2, Number.POSITIVE_INFINITY)).toThrow(/scaled by/);
    expect(() => scaled(Number.POSITIVE_INFINITY, 0)).toThrow(/scaled by/);
  });

  it('says what sform and qform, or the voxel sizes, have differently, and believes the sform', () => {
    const conflictOf = (change: (bytes: Buffer) => void) => {
      const bytes = goldenFile('uint8, sform');
      const rows = [2, 0, 0, -5, 0, 2, 0, 7, 0, 0, 3, 9];
      for (const [at, value] of rows.entries()) bytes.writeFloatLE(value, 280 + 4 * at);
      for (const [at, value] of [1, 2, 2, 3].entries()) bytes.writeFloatLE(value, 76 + 4 * at);
      for (const [at, value] of [0, 0, 0, -5, 7, 9].entries())
        bytes.writeFloatLE(value, 256 + 4 * at);
      bytes.writeInt16LE(1, 252);
      bytes.writeInt16LE(1, 254);
      change(bytes);
      const { conflict, grid } = parseNiftiHeader('x', bytes);
      expect(spacingMm(grid)).toEqual([2, 2, 3]);
      return conflict;
    };
    expect(conflictOf(() => undefined)).toBeUndefined();
    expect(conflictOf((bytes) => bytes.writeFloatLE(10, 88))).toBe(
      'its sform has voxels of 2 × 2 × 3, its qform of 2 × 2 × 10',
    );
    const sizesAlone = (bytes: Buffer) => bytes.writeFloatLE(10, 88) && bytes.writeInt16LE(0, 252);
    expect(conflictOf(sizesAlone)).toContain('its pixdim of 2 × 2 × 10');
    expect(conflictOf((bytes) => bytes.writeFloatLE(-1, 76))).toContain('mirrors');
    expect(conflictOf((bytes) => bytes.writeFloatLE(-3, 268))).toContain('1 voxels apart');
    const intoAtlas = (bytes: Buffer) => bytes.writeFloatLE(-3, 268) && bytes.writeInt16LE(4, 254);
    expect(conflictOf(intoAtlas)).toBeUndefined();
    expect(
      conflictOf((bytes) => bytes.fill(0, 76, 92) && bytes.writeInt16LE(0, 252)),
    ).toBeUndefined();
  });

  it('reads the voxels of a file whose last dimensions are 1', async () => {
    const bytes = goldenFile('uint8, sform');
    bytes.writeInt16LE(5, 40);
    expect((await readNifti(await fileOf(bytes))).shape).toEqual([3, 4, 2]);
  });

  it.each([
    [
      'a time series',
      (bytes: Buffer) => bytes.writeInt16LE(4, 40) && bytes.writeInt16LE(2, 48),
      'more-than-3d',
    ],
    ['a planar image', (bytes: Buffer) => bytes.writeInt16LE(2, 40), 'planar'],
    ['colour', (bytes: Buffer) => bytes.writeInt16LE(128, 70), 'unusable-header'],
    ['a negative size', (bytes: Buffer) => bytes.writeInt16LE(-3, 42), 'unusable-header'],
    ['eight dimensions', (bytes: Buffer) => bytes.writeInt16LE(8, 40), 'unusable-header'],
    ['a singular affine', (bytes: Buffer) => bytes.fill(0, 280, 292), 'unusable-header'],
    [
      'an affine that is not finite',
      (bytes: Buffer) => bytes.writeFloatLE(Number.NaN, 280),
      'unusable-header',
    ],
    ['voxels inside the header', (bytes: Buffer) => bytes.writeFloatLE(12, 108), 'unusable-header'],
    ['voxels in another file', (bytes: Buffer) => bytes.write('ni1', 344, 'latin1'), 'not-nifti'],
    ['another magic number', (bytes: Buffer) => bytes.write('xyz', 344, 'latin1'), 'not-nifti'],
    [
      'more voxels than the limit',
      (bytes: Buffer) => [42, 44, 46].map((at) => bytes.writeInt16LE(32_000, at)),
      'too-large',
    ],
    [
      'more voxels than bytes',
      (bytes: Buffer) => [42, 44, 46].map((at) => bytes.writeInt16LE(900, at)),
      'corrupt-file',
    ],
  ] as const)('refuses %s by name', async (_, damage, code) => {
    const bytes = goldenFile('uint8, sform');
    damage(bytes);
    await expect(readNifti(await fileOf(bytes))).rejects.toMatchObject({ code: `imaging/${code}` });
  });

  it('refuses a file cut short anywhere, compressed or not', async () => {
    for (const name of ['int16, scaled', 'int16, gzip of many members']) {
      const whole = goldenFile(name);
      for (let length = 0; length < whole.length; length += 17) {
        const path = await fileOf(whole.subarray(0, length));
        await expect(readNifti(path)).rejects.toMatchObject({
          code: expect.stringMatching(/^imaging\/(not-nifti|corrupt-file|unusable-header)$/),
        });
      }
    }
  });

  it('refuses a compressed file with a flipped bit', async () => {
    const bytes = gzipSync(goldenFile('int16, scaled'));
    bytes[bytes.length - 6]! ^= 1; // its CRC
    await expect(readNifti(await fileOf(bytes))).rejects.toMatchObject({
      code: 'imaging/corrupt-file',
    });
  });
});

describe('writing', () => {
  const affineRas = [0.5, 0, 0, -3, 0, -2, 0.25, 4, 0, 0.5, 1.5, 9, 0, 0, 0, 1];

  it('reads back exactly what it wrote, whatever the shape and values', async () => {
    const arbitrary = fc
      .tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
      )
      .chain((shape) => {
        const voxels = shape[0] * shape[1] * shape[2];
        return fc.record({
          shape: fc.constant(shape),
          data: fc.float32Array({
            minLength: voxels,
            maxLength: voxels,
            noNaN: true,
            noDefaultInfinity: true,
          }),
        });
      });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ shape, data }) => {
        const path = join(folder, 'written.nii.gz');
        await writeNifti(path, { shape, affineRas, data });
        const read = await readNifti(path);
        expect(read.shape).toEqual(shape);
        expect(read.affineRas).toEqual(affineRas);
        expect([...read.data]).toEqual([...data].map((value) => value + 0));
      }),
      { numRuns: 30 },
    );
  });

  it('writes version 2 where an axis is longer than version 1 has room for, and reads it back', async () => {
    for (const [size, magic] of [
      [32_767, 'n+1'],
      [32_768, 'n+2'],
    ] as const) {
      const path = join(folder, 'long.nii.gz');
      const data = Float32Array.from({ length: size }, (_, at) => at - 0.5);
      await writeNifti(path, { shape: [1, size, 1], affineRas, data });
      const bytes = gunzipSync(await readFile(path));
      const at = magic === 'n+1' ? 344 : 4;
      expect(bytes.toString('latin1', at, at + 3)).toBe(magic);
      const read = await readNifti(path);
      expect([read.shape, read.affineRas]).toEqual([[1, size, 1], affineRas]);
      expect(Buffer.compare(Buffer.from(read.data.buffer), Buffer.from(data.buffer))).toBe(0);
    }
  });

  it('writes label maps as bytes and compresses by the name', async () => {
    const label = {
      shape: [2, 2, 2] as const,
      affineRas,
      data: new Uint8Array([0, 1, 2, 0, 5, 0, 0, 255]),
    };
    const path = join(folder, 'label.nii.gz');
    await writeNifti(path, label);
    const bytes = gunzipSync(await readFile(path));
    expect(bytes.readInt16LE(70)).toBe(2);
    expect([...bytes.subarray(352)]).toEqual([...label.data]);
    expect(encodeNifti(label)).toEqual(bytes);
  });
});
