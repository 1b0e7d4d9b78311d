import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFedvoxError } from '@fedvox/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elementCount } from '../layout.js';
import { OPERATIONS } from '../state-dict/operations.js';
import { REFUSED_OPERATIONS } from '../state-dict/refused-operations.js';
import {
  PICKLE,
  pickledDict,
  pickledTensor,
  pickleOf,
  torchContent,
  zipOf,
} from '../testing/torch-archive.js';
import { encodeWeights, type Weights } from '../weights.js';
import { StateDictFile } from './state-dict-file.js';

/** `FEDVOX_FUZZ_FACTOR=100` makes a night of it. */
const FACTOR = Number(process.env['FEDVOX_FUZZ_FACTOR'] ?? 1);
const runs = (count: number) => ({ numRuns: count * FACTOR });
const TIMEOUT_MS = 120_000 * FACTOR;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-state-dict-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function weightsIn(bytes: Uint8Array): Promise<Weights> {
  const path = join(folder, 'model.pt');
  await writeFile(path, bytes);
  const file = await StateDictFile.open(path);
  return file.weights(file.tensors).finally(() => file.close());
}

/** Undefined where the file is refused by name; whatever else happens fails the test. */
async function weightsOrRefusal(bytes: Uint8Array): Promise<Weights | undefined> {
  try {
    return await weightsIn(bytes);
  } catch (error) {
    if (isFedvoxError(error)) return undefined;
    throw error;
  }
}

const golden = (name: string) =>
  readFileSync(new URL(`../state-dict/golden/${name}.pt`, import.meta.url));

/** One damage to a file's bytes; places are parts of its length. */
const STEPS = 1 << 20;
const place = fc.nat(STEPS - 1).map((step) => step / STEPS);
type Damage = (bytes: Uint8Array) => Uint8Array;
const at = (bytes: Uint8Array, where: number) => Math.floor(where * bytes.length);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([where, bit]): Damage =>
      (bytes) => {
        const flipped = Uint8Array.from(bytes);
        flipped[at(bytes, where)] = (flipped[at(bytes, where)] as number) ^ (1 << bit);
        return flipped;
      },
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 9 })).map(
    ([where, values]): Damage =>
      (bytes) => {
        const start = Math.max(0, Math.min(at(bytes, where), bytes.length - values.length));
        const written = Uint8Array.from(bytes);
        written.set(values.subarray(0, bytes.length - start), start);
        return written;
      },
  ),
  place.map(
    (where): Damage =>
      (bytes) =>
        bytes.slice(0, at(bytes, where)),
  ),
  fc.tuple(place, place).map(
    ([a, b]): Damage =>
      (bytes) => {
        const [from, to] = [at(bytes, Math.min(a, b)), at(bytes, Math.max(a, b))];
        return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
      },
  ),
);

describe('any damage to a file that torch.save wrote', () => {
  it.each(['views', 'module', 'checkpoint-state-dict', 'protocol-4'])(
    'leaves the tensors that were saved, or is refused by name: %s',
    async (name) => {
      const whole = golden(name);
      const right = encodeWeights(await weightsIn(whole));
      const property = fc.asyncProperty(
        fc.array(damage, { minLength: 1, maxLength: 2 }),
        async (damages) => {
          const weights = await weightsOrRefusal(
            damages.reduce((bytes, one) => one(bytes), whole as Uint8Array),
          );
          if (weights !== undefined) expect(encodeWeights(weights)).toEqual(right);
        },
      );
      await fc.assert(property, runs(250));
    },
    TIMEOUT_MS,
  );
});

const LENGTH = 6;
const storage = new Uint8Array(Float32Array.from({ length: LENGTH }, (_, value) => value).buffer);
const tensor = pickledTensor({ key: '0', length: LENGTH, shape: [2, 3], strides: [3, 1] });
const known = [...OPERATIONS.keys(), ...REFUSED_OPERATIONS.keys()].map((code) =>
  Buffer.from([code]),
);
/** Operations as they come, and whole pieces of what torch.save writes, so that some of them get far. */
const part = fc.oneof(
  fc.constantFrom(...known),
  fc.constantFrom(
    ...[tensor, PICKLE.mark, PICKLE.emptyTuple, PICKLE.emptyDict, PICKLE.setItems, PICKLE.reduce],
    ...[
      PICKLE.text('w'),
      PICKLE.text('storage'),
      PICKLE.text('0'),
      PICKLE.persistentId,
      PICKLE.tuple,
    ],
    ...[PICKLE.global('torch._utils', '_rebuild_tensor_v2'), PICKLE.global('torch', 'HalfStorage')],
    ...[PICKLE.global('collections', 'OrderedDict'), Buffer.from('q\x01'), Buffer.from('h\x01')],
  ),
  fc.nat(7).map((value) => Buffer.from([0x4b, value])),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
);

function checkInside(weights: Weights): void {
  for (const { shape, data } of weights.values()) {
    expect(data.length).toBe(elementCount(shape));
    expect(data.length).toBeLessThanOrEqual(2 * LENGTH);
  }
}

describe('any pickle in an archive', () => {
  it(
    'of random operations is tensors of its storages, or is refused by name',
    async () => {
      const property = fc.asyncProperty(fc.array(part, { maxLength: 60 }), async (parts) => {
        const content = torchContent(pickleOf(...parts), { 0: storage });
        checkInside((await weightsOrRefusal(zipOf(content))) ?? new Map());
      });
      await fc.assert(property, runs(1500));
    },
    TIMEOUT_MS,
  );

  it(
    'that is damaged under a right checksum is tensors of its storages, or is refused by name',
    async () => {
      const pickle: Uint8Array = pickleOf(pickledDict({ a: tensor, b: tensor }));
      let read = 0;
      const property = fc.asyncProperty(damage, async (one) => {
        const content = torchContent(one(pickle), { 0: storage });
        const weights = await weightsOrRefusal(zipOf(content));
        if (weights === undefined) return;
        read += 1;
        checkInside(weights);
      });
      await fc.assert(property, runs(1500));
      expect(read).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe('any tensors', () => {
  const shaped = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      offset: fc.nat(3),
      values: fc.array(fc.float({ noNaN: true }), {
        minLength: elementCount(shape) + 3,
        maxLength: elementCount(shape) + 3,
      }),
    }),
  );

  it(
    'are read in whatever order of axes they lie',
    async () => {
      const property = fc.asyncProperty(shaped, async ({ shape, order, offset, values }) => {
        const strides = stridesOf(shape, order);
        const view = { key: '0', length: values.length, offset, shape, strides };
        const content = torchContent(pickleOf(pickledDict({ w: pickledTensor(view) })), {
          0: new Uint8Array(Float32Array.from(values).buffer),
        });
        const read = (await weightsIn(zipOf(content))).get('w');
        const expected = indicesOf(shape).map((index) => {
          const way = index.reduce(
            (sum, value, axis) => sum + value * (strides[axis] as number),
            0,
          );
          return Math.fround(values[offset + way] as number);
        });
        expect(Array.from(read?.data ?? [])).toEqual(expected);
        expect(read?.shape).toEqual(shape);
      });
      await fc.assert(property, runs(200));
    },
    TIMEOUT_MS,
  );
});

/** Of values without gaps whose axes lie in this order, the slowest first. */
function stridesOf(shape: readonly number[], order: readonly number[]): number[] {
  return shape.map((_, axis) => {
    const faster = order.slice(order.indexOf(axis) + 1);
    return elementCount(faster.map((other) => shape[other] as number));
  });
}

/** Every index of a shape, in row-major order. */
function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (indices, size) =>
      indices.flatMap((index) => Array.from({ length: size }, (_, value) => [...index, value])),
    [[]],
  );
}
