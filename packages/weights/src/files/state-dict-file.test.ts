import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDataDir } from '@fedvox/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PICKLE,
  pickledDict,
  pickledTensor,
  pickleOf,
  type TensorView,
  torchContent,
  type ZipContent,
  zipOf,
} from '../testing/torch-archive.js';
import type { Weights } from '../weights.js';
import { isTorchFile, StateDictFile } from './state-dict-file.js';

const golden = (name: string) =>
  fileURLToPath(new URL(`../state-dict/golden/${name}`, import.meta.url));
const expected: Record<string, Record<string, { shape: number[]; values: number[] }>> = JSON.parse(
  readFileSync(golden('expected.json'), 'utf8'),
);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-state-dict-'));
  path = join(folder, 'model.pt');
});
afterEach(() => rm(folder, { recursive: true }));

async function weightsOf(file: string): Promise<Weights> {
  const opened = await StateDictFile.open(file);
  return opened.weights(opened.tensors).finally(() => opened.close());
}

async function weightsIn(content: ZipContent, options?: Parameters<typeof zipOf>[1]) {
  await writeFile(path, zipOf(content, options));
  return weightsOf(path);
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const four = { key: '0', length: 4, shape: [4], strides: [1] };
const pickleOfOne = (view: Partial<TensorView> = {}) =>
  pickleOf(pickledDict({ w: pickledTensor({ ...four, ...view }) }));
const storages = { 0: floats(1, 2, 3, 4) };

describe('a state dict that PyTorch saved', () => {
  it.each(Object.keys(expected))('is read as PyTorch converts it to float32: %s', async (name) => {
    const weights = await weightsOf(golden(`${name}.pt`));
    const figures = [...weights].map(([key, { shape, data }]) => [
      key,
      { shape, values: Array.from(data) },
    ]);
    expect(Object.fromEntries(figures)).toEqual(expected[name]);
    expect([...weights.keys()]).toEqual(Object.keys(expected[name] as object));
  });

  it('says which tensors are of whole numbers', async () => {
    const file = await StateDictFile.open(golden('module.pt'));
    await file.close();
    const whole = file.tensors.filter(({ type }) => type.isWhole).map(({ name }) => name);
    expect(whole).toEqual(['norm.num_batches_tracked']);
  });

  const shared = join(testDataDir() ?? '', 'bundles');
  it.skipIf(!existsSync(shared))(
    'is the same bare or in a checkpoint, of another’s making',
    async () => {
      const bare = await weightsOf(join(shared, 'unet_batch_state_dict.pt'));
      expect(bare.size).toBe(80);
      expect(await weightsOf(join(shared, 'unet_batch_nested.pt'))).toEqual(bare);
    },
  );

  it.each([
    ['whole-module', 'pickle-not-plain', 'the object __main__.Small'],
    ['call', 'pickle-not-plain', 'the object __builtin__.print'],
    ['bytes', 'pickle-not-plain', 'the object _codecs.encode'],
    ['set', 'pickle-not-plain', 'the object __builtin__.set'],
    ['size', 'pickle-not-plain', 'the object torch.Size'],
    ['complex', 'pickle-not-plain', 'the object torch.ComplexFloatStorage'],
    ['sparse', 'pickle-not-plain', 'the object torch._utils._rebuild_sparse_tensor'],
    ['quantized', 'pickle-not-plain', 'the object torch._utils._rebuild_qtensor'],
    ['conjugate', 'pickle-not-plain', 'a tensor whose values are yet to be changed'],
    ['loop', 'pickle-not-plain', 'a container that holds itself'],
    ['gaps', 'tensor-unreadable', 'tensor w .* strides \\[2\\] .* size of \\[4\\]'],
    ['expanded', 'tensor-unreadable', 'tensor w .* strides \\[0\\] .* size of \\[4\\]'],
    ['two-models', 'no-state-dict', 'more than one of them, under state_dict and model'],
    ['not-a-dict', 'no-state-dict', 'it holds a list'],
    ['no-tensor', 'no-state-dict', "'note' is a str"],
    ['legacy', 'archive-unsupported', 'a bare pickle, as PyTorch wrote them before 1.6'],
    ['bare-pickle', 'archive-unsupported', 'a bare pickle'],
    ['torchscript', 'archive-unsupported', 'a TorchScript program'],
  ])('is refused by what was found: %s', async (name, code, text) => {
    const refusal = { code: `weights/${code}`, message: expect.stringMatching(new RegExp(text)) };
    await expect(StateDictFile.open(golden(`${name}.pt`))).rejects.toMatchObject(refusal);
    expect(await isTorchFile(golden(`${name}.pt`))).toBe(true);
  });

  it('is told from safetensors by its first bytes', async () => {
    expect(await isTorchFile(golden('module.pt'))).toBe(true);
    expect(await isTorchFile(golden('../../golden/plain.safetensors'))).toBe(false);
    await writeFile(path, 'PK');
    expect(await isTorchFile(path)).toBe(false);
  });
});

describe('an archive', () => {
  it('is read with the fields of ZIP64 as without', async () => {
    const content = torchContent(pickleOfOne(), storages);
    const plain = await weightsIn(content);
    expect(plain.get('w')).toEqual({ shape: [4], data: Float32Array.of(1, 2, 3, 4) });
    expect(await weightsIn(content, { zip64: true })).toEqual(plain);
  });

  it('is read beyond 4 GiB, of which a hole takes no memory', async () => {
    const firstOffset = 5 * 2 ** 30;
    const content = torchContent(pickleOfOne(), storages);
    const file = await open(path, 'w');
    await file.write(Buffer.from('PK\x03\x04', 'latin1'), 0, 4, 0);
    await file.write(zipOf(content, { zip64: true, firstOffset }), 0, undefined, firstOffset);
    await file.close();
    expect((await weightsOf(path)).get('w')?.data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it('is refused wherever it is cut off', async () => {
    const whole = readFileSync(golden('views.pt'));
    for (let length = 0; length < whole.length; length += 7) {
      await writeFile(path, whole.subarray(0, length));
      await expect(weightsOf(path)).rejects.toMatchObject({ code: 'weights/archive-damaged' });
    }
  });

  const bytes = (content: ZipContent = torchContent(pickleOfOne(), storages)) => zipOf(content);
  const changed = (change: (zip: Buffer, directory: number) => void) => {
    const zip = bytes();
    change(zip, zip.indexOf(Buffer.from('PK\x01\x02', 'latin1')));
    return zip;
  };
  it.each<[what: string, zip: Buffer, code: string, text: string]>([
    [
      'a stranger’s zip file',
      bytes([
        ['a', floats(1)],
        ['b', floats(1)],
      ]),
      'archive-unsupported',
      'torch.save did not write',
    ],
    [
      'one without a pickle',
      bytes([['a/b', floats(1)]]),
      'archive-unsupported',
      'a zip file without data.pkl',
    ],
    ['an empty one', bytes([]), 'archive-unsupported', 'a zip file without data.pkl'],
    [
      'two entries of one name',
      bytes([...torchContent(pickleOfOne()), ['archive/version', floats()]]),
      'archive-damaged',
      'it has two entries archive/version',
    ],
    [
      'something behind it',
      Buffer.concat([bytes(), Buffer.alloc(1)]),
      'archive-damaged',
      'does not end as one does',
    ],
    [
      'something in front of its directory',
      changed((zip) => zip.writeUInt32LE(zip.readUInt32LE(zip.length - 6) - 1, zip.length - 6)),
      'archive-damaged',
      'does not lie where its end says',
    ],
    [
      'a compressed pickle',
      changed((zip, at) => zip.writeUInt16LE(8, at + 10)),
      'archive-unsupported',
      'archive/data.pkl is compressed, by method 8',
    ],
    [
      'an encrypted pickle',
      changed((zip, at) => zip.writeUInt16LE(1, at + 8)),
      'archive-unsupported',
      'archive/data.pkl is encrypted',
    ],
    [
      'a size beyond the file',
      changed((zip, at) => {
        zip.writeUInt32LE(2 ** 31, at + 20);
        zip.writeUInt32LE(2 ** 31, at + 24);
      }),
      'archive-damaged',
      'archive/data.pkl overlaps',
    ],
    [
      'a size of ZIP64 that is not there',
      changed((zip, at) => zip.writeUInt32LE(0xffffffff, at + 24)),
      'archive-damaged',
      'an entry lacks its ZIP64 field',
    ],
    [
      'two lengths of an entry',
      changed((zip, at) => zip.writeUInt32LE(1, at + 20)),
      'archive-damaged',
      'has two lengths',
    ],
    [
      'a pickle of another checksum',
      changed((zip) => zip.writeUInt8(0, 60)),
      'archive-damaged',
      'the checksum of archive/data.pkl',
    ],
    [
      'an entry that lies elsewhere',
      changed((zip) => zip.writeUInt8(0x41, 30)),
      'archive-damaged',
      'archive/data.pkl does not lie where',
    ],
    [
      'a name to obey',
      bytes([['\x1b[2J/data.pkl', floats(1)]]),
      'archive-damaged',
      'no text to print',
    ],
    [
      'big-endian values',
      bytes([
        ...torchContent(pickleOfOne()).map(
          ([name, own]) => [name, name.endsWith('byteorder') ? Buffer.from('big') : own] as const,
        ),
      ]),
      'archive-unsupported',
      'values that are big-endian',
    ],
  ])('is refused by name: %s', async (_, zip, code, text) => {
    await writeFile(path, zip);
    const refusal = { code: `weights/${code}`, message: expect.stringContaining(text) };
    await expect(weightsOf(path)).rejects.toMatchObject(refusal);
  });

  it('is refused where its values are not those of their checksum', async () => {
    const zip = bytes();
    zip.writeFloatLE(5, zip.indexOf(Buffer.from(floats(1, 2, 3, 4))));
    await writeFile(path, zip);
    await expect(weightsOf(path)).rejects.toMatchObject({
      code: 'weights/archive-damaged',
      message: expect.stringContaining('the checksum of archive/data/0'),
    });
  });
});

describe('a tensor', () => {
  it.each<[what: string, view: Partial<TensorView>, text: string]>([
    ['values that are not there', { key: '7' }, 'its values are not in the file'],
    [
      'a longer storage than the file has',
      { length: 2 ** 40 },
      'the file has 16 bytes of its storage',
    ],
    ['a storage of another type', { type: 'DoubleStorage' }, '4 values of float64'],
    ['more values than its storage', { shape: [5] }, 'behind the 4 values'],
    ['an offset behind its storage', { offset: 1 }, 'behind the 4 values'],
    [
      'sizes beyond counting',
      { shape: [2 ** 52, 2 ** 52], strides: [2 ** 52, 1] },
      'behind the 4 values',
    ],
    ['strides that overlap', { shape: [2, 3], strides: [1, 1] }, 'its strides [1,1]'],
  ])('is refused by name where it has %s', async (_, view, text) => {
    const refusal = { code: 'weights/tensor-unreadable', message: expect.stringContaining(text) };
    const content = torchContent(pickleOfOne(view), storages);
    await expect(weightsIn(content)).rejects.toMatchObject(refusal);
  });

  it('is refused by name where its name is a terminal’s order', async () => {
    const pickle = pickleOf(pickledDict({ '\x1b[2J': pickledTensor(four) }));
    await expect(weightsIn(torchContent(pickle, storages))).rejects.toMatchObject({
      message: expect.stringContaining('tensor \ufffd[2J'),
    });
  });

  it('of many that share a storage is its own part of it', async () => {
    const part = (offset: number) => pickledTensor({ ...four, shape: [2], offset });
    const pickle = pickleOf(pickledDict({ a: part(0), b: part(1), c: part(2) }));
    const weights = await weightsIn(torchContent(pickle, storages));
    expect([...weights.values()].map(({ data }) => [...data])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it('is whole where its storage is longer than what is read at once', async () => {
    const length = (1 << 18) + 5;
    const values = Float32Array.from({ length }, (_, at) => at);
    const pickle = pickleOfOne({ length, offset: 3, shape: [length - 3] });
    const weights = await weightsIn(torchContent(pickle, { 0: new Uint8Array(values.buffer) }));
    expect(weights.get('w')?.data).toEqual(values.subarray(3));
  });
});

it('nothing of a file is run, whatever it names', async () => {
  const call = Buffer.concat([
    PICKLE.global('posix', 'system'),
    PICKLE.mark,
    PICKLE.text('true'),
    PICKLE.tuple,
    PICKLE.reduce,
  ]);
  await expect(weightsIn(torchContent(pickleOf(call)))).rejects.toMatchObject({
    code: 'weights/pickle-not-plain',
    message: expect.stringContaining('the object posix.system'),
  });
});
