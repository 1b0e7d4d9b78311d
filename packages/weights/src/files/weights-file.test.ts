import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VALUES_PER_SLICE } from '../tensor-source.js';
import { encodeWeights, tensorOf, type Weights } from '../weights.js';
import { WeightsFile, writeWeightsFile } from './weights-file.js';

const weights: Weights = new Map([
  ['b', { shape: [2], data: Float32Array.of(1, -2) }],
  ['a', { shape: [1, 3], data: Float32Array.of(0.5, 0, Number.MIN_VALUE) }],
]);
const tensors = [...weights].map(([name, { shape }]) => ({ name, shape }));
const read = async (name: string) => tensorOf(weights, name).data;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-weights-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a weights file', () => {
  it('has the same bytes written tensor by tensor as encoded whole', async () => {
    const path = join(folder, 'model.safetensors');
    const written = await writeWeightsFile(path, { tensors, read });
    const bytes = await readFile(path);
    expect(new Uint8Array(bytes)).toEqual(encodeWeights(weights));
    expect(written).toEqual({ sha256: sha256(bytes), byteLength: bytes.length });
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('holds no more than a slice of a tensor, and has the bytes of the whole one', async () => {
    const data = Float32Array.from({ length: 2 * VALUES_PER_SLICE + 3 }, (_, at) => at);
    const large: Weights = new Map([['w', { shape: [data.length], data }]]);
    const slices: number[] = [];
    const path = join(folder, 'large.safetensors');
    const written = await writeWeightsFile(path, {
      tensors: [{ name: 'w', shape: [data.length] }],
      read: async (_, from, to) => {
        slices.push(to - from);
        return data.subarray(from, to);
      },
    });
    expect(slices).toEqual([VALUES_PER_SLICE, VALUES_PER_SLICE, 3]);
    expect(written.sha256).toBe(sha256(encodeWeights(large)));
    const file = await WeightsFile.open(path);
    const [from, to] = [VALUES_PER_SLICE - 1, VALUES_PER_SLICE + 2];
    expect(await file.read('w', from, to)).toEqual(data.slice(from, to));
    await file.close();
  });

  it('is not there at all when writing it failed half-way', async () => {
    const path = join(folder, 'model.safetensors');
    const breaking = async (name: string) => {
      if (name === 'b') throw new Error('the source broke');
      return read(name);
    };
    await expect(writeWeightsFile(path, { tensors, read: breaking })).rejects.toThrow(
      'the source broke',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses to write a tensor that belies its shape', async () => {
    const path = join(folder, 'model.safetensors');
    const short = async () => new Float32Array(1);
    await expect(writeWeightsFile(path, { tensors, read: short })).rejects.toThrow(
      /as many values/,
    );
  });

  it('is read one tensor at a time, whoever wrote it', async () => {
    const path = fileURLToPath(new URL('../golden/with-metadata.safetensors', import.meta.url));
    const file = await WeightsFile.open(path);
    expect(file.tensors.map(({ name }) => name)).toContain('scalar');
    expect(await file.read('model.1.submodule.residual.bias')).toEqual(
      Float32Array.of(-1.5, 0, 3.25),
    );
    expect(await file.read('empty')).toEqual(new Float32Array());
    await expect(file.read('nothing')).rejects.toThrow('there is no tensor named nothing');
    await file.close();
  });

  it.each([
    ['an empty file', new Uint8Array()],
    ['a header longer than the file', Uint8Array.of(64, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d)],
    ['another kind of file', new TextEncoder().encode('II*\0not safetensors at all')],
  ])('refuses %s', async (_, bytes) => {
    const path = join(folder, 'model.safetensors');
    await writeFile(path, bytes);
    await expect(WeightsFile.open(path)).rejects.toMatchObject({ code: 'weights/not-safetensors' });
  });
});
