import { isFedvoxError } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementCount } from '../layout.js';
import type { TensorSource } from '../tensor-source.js';
import { encodeWeights, tensorOf, type Weights } from '../weights.js';
import { decoded, encodedLayout, encodeInto } from './encoded.js';
import type { Encoding } from './encoding.js';
import { residualOf, withResidual } from './residual.js';

const ENCODINGS: readonly Encoding[] = [
  { kind: 'float32' },
  { kind: 'bfloat16' },
  { kind: 'int8' },
  { kind: 'top-k', fraction: 0.05 },
  { kind: 'top-k', fraction: 0.5 },
];
const named = ENCODINGS.map((encoding) => [JSON.stringify(encoding), encoding] as const);
/** Smallest float32 above 0. */
const TINIEST = 2 ** -149;
const HIGHEST_CODE = 127;
/** Values among which top-k chooses. */
const STRETCH = 65_536;

function sourceOf(weights: Weights): TensorSource {
  return {
    tensors: [...weights].map(([name, { shape }]) => ({ name, shape })),
    read: async (name, from, to) => tensorOf(weights, name).data.slice(from, to),
  };
}

async function bytesOf(weights: Weights, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  const source = sourceOf(weights);
  const bytes = new Uint8Array(encodedLayout(source.tensors, encoding).layout.byteLength);
  await encodeInto(source, encoding, async (piece, position) => bytes.set(piece, position));
  return bytes;
}

function open(bytes: Uint8Array<ArrayBuffer>, like: Weights, encoding: Encoding) {
  const read = async (at: number, length: number) => bytes.slice(at, at + length);
  return decoded(sourceOf(like).tensors, encoding, bytes.length, read);
}

async function whole(source: TensorSource): Promise<Weights> {
  const entries = source.tensors.map(async ({ name, shape }) => {
    const data = await source.read(name, 0, elementCount(shape));
    return [name, { shape, data }] as const;
  });
  return new Map(await Promise.all(entries));
}

const back = async (weights: Weights, encoding: Encoding) =>
  whole(await open(await bytesOf(weights, encoding), weights, encoding));

const vector = (values: readonly number[], shape = [values.length]): Weights =>
  new Map([['w', { shape, data: Float32Array.from(values) }]]);

/** Any finite values, also the tiniest and of magnitudes that no encoding has a name for but float32. */
const value = fc.float({
  noNaN: true,
  noDefaultInfinity: true,
  max: Math.fround(3.38e38),
  min: Math.fround(-3.38e38),
});
const anyWeights: fc.Arbitrary<Weights> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('a', 'b.weight', 'é', 'model.0.conv', 'z'),
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
    ),
    { maxLength: 4, selector: ([name]) => name },
  )
  .chain((specs) =>
    fc.tuple(
      ...specs.map(([name, shape]) => {
        const length = elementCount(shape);
        return fc
          .array(value, { minLength: length, maxLength: length })
          .map((values) => [name, { shape, data: Float32Array.from(values) }] as const);
      }),
    ),
  )
  .map((entries) => new Map(entries));

describe.each(named)('weights in %s', (_, encoding) => {
  it('have one form, of the length that their tensors say, and are the same after another turn', async () => {
    await fc.assert(
      fc.asyncProperty(anyWeights, async (weights) => {
        const bytes = await bytesOf(weights, encoding);
        const reversed = new Map([...weights].reverse());
        expect(await bytesOf(reversed, encoding)).toEqual(bytes);
        const once = await whole(await open(bytes, weights, encoding));
        expect([...once.keys()]).toEqual([...weights.keys()]);
        // What was chosen or rounded once stays as it is; a scale may differ in its last bit.
        if (encoding.kind === 'int8') return;
        expect(await bytesOf(once, encoding)).toEqual(bytes);
      }),
    );
  });

  it('are read slice by slice as whole', async () => {
    const length = 2 * STRETCH + 7;
    const data = Float32Array.from({ length: 3 * length }, (_, at) => Math.sin(at) * (at % 11));
    const weights: Weights = new Map([['w', { shape: [3, length], data }]]);
    const source = await open(await bytesOf(weights, encoding), weights, encoding);
    const all = await source.read('w', 0, data.length);
    for (const [from, to] of [
      [0, 1],
      [STRETCH - 1, STRETCH + 1],
      [length - 3, length + 3],
      [12_345, 12_345],
      [STRETCH, 3 * STRETCH + 5],
      [data.length - 1, data.length],
    ] as const) {
      expect(await source.read('w', from, to)).toEqual(all.slice(from, to));
    }
  });

  it('and what was left of them are what they were', async () => {
    const quiet = fc.double({ noNaN: true, min: -1e3, max: 1e3 });
    await fc.assert(
      fc.asyncProperty(fc.array(quiet, { minLength: 4, maxLength: 64 }), async (values) => {
        const weights = vector(values.slice(0, 4 * Math.floor(values.length / 4)), [
          4,
          Math.floor(values.length / 4),
        ]);
        const sent = await open(await bytesOf(weights, encoding), weights, encoding);
        const left = await whole(residualOf(sourceOf(weights), sent));
        const again = await whole(withResidual(sourceOf(left), sent));
        const [expected, actual] = [tensorOf(weights, 'w').data, tensorOf(again, 'w').data];
        for (const [at, found] of actual.entries()) expect(found).toBeCloseTo(expected[at]!, 3);
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'are not written where one is %s',
    async (odd) => {
      await expect(bytesOf(vector([1, 2, odd, 3], [2, 2]), encoding)).rejects.toMatchObject({
        code: 'weights/not-encodable',
        details: { tensor: 'w', index: 2 },
      });
    },
  );

  it('are refused by name, or read, whatever bytes stand in their place', async () => {
    const weights: Weights = new Map([
      ['b', { shape: [3], data: Float32Array.of(1, 2, 3) }],
      ['w', { shape: [2, 40], data: new Float32Array(80).fill(0.5) }],
    ]);
    const honest = await bytesOf(weights, encoding);
    const changes = fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, fc.constantFrom(0, 0, 0, 4, -4), async (altered, longer) => {
        const bytes = new Uint8Array(honest.length + longer);
        bytes.set(honest.subarray(0, bytes.length));
        for (const [at, byte] of altered) if (at < bytes.length) bytes[at] = byte;
        try {
          const read = await whole(await open(bytes, weights, encoding));
          expect([...read].map(([, { data }]) => data.length)).toEqual([3, 80]);
          expect(longer).toBe(0);
        } catch (error) {
          expect(isFedvoxError(error) && error.code).toMatch(
            /^weights\/(not-safetensors|not-as-written)$/,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are not read as those of another encoding, nor shape', async () => {
    const weights = vector(Array(64).fill(0.25), [4, 16]);
    const bytes = await bytesOf(weights, encoding);
    for (const other of ENCODINGS) {
      if (other === encoding) continue;
      await expect(open(bytes, weights, other)).rejects.toMatchObject({
        code: 'weights/not-as-written',
      });
    }
    const turned = vector(Array(64).fill(0.25), [16, 4]);
    if (encoding.kind === 'top-k') return;
    await expect(open(bytes, turned, encoding)).rejects.toMatchObject({
      code: 'weights/not-as-written',
    });
  });
});

describe('float32', () => {
  it('has the bytes of weights encoded whole, and loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyWeights, async (weights) => {
        expect(await bytesOf(weights, { kind: 'float32' })).toEqual(encodeWeights(weights));
        expect(await back(weights, { kind: 'float32' })).toEqual(weights);
      }),
    );
  });
});

describe('bfloat16', () => {
  const rounded = async (number: number) => {
    const weights = await back(vector([number]), { kind: 'bfloat16' });
    return tensorOf(weights, 'w').data[0];
  };

  it('is off by 1/256 of a value at most', async () => {
    await fc.assert(
      fc.asyncProperty(value, async (number) => {
        const bound = Math.max(Math.abs(number) / 256, 2 ** -134);
        expect(Math.abs((await rounded(number))! - number)).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it('rounds to nearest, ties to even, as others do', async () => {
    // Of torch 2.13: torch.tensor([...], dtype=torch.float32).to(torch.bfloat16).float().
    const torch: readonly (readonly [number, number])[] = [
      [1, 1],
      [1.00390625, 1],
      [1.01171875, 1.015625],
      [1.0039064, 1.0078125],
      [Math.PI, 3.140625],
      [-0.1, -0.10009765625],
      [1e-40, 9.183549615799121e-41],
    ];
    for (const [number, expected] of torch)
      expect(await rounded(number)).toBe(Math.fround(expected));
  });

  it('has no number for the largest of float32, which is refused', async () => {
    const largest = vector([0, Math.fround(3.4028234e38)]);
    await expect(bytesOf(largest, { kind: 'bfloat16' })).rejects.toMatchObject({
      code: 'weights/not-encodable',
      details: { tensor: 'w', index: 1 },
    });
  });
});

describe('int8', () => {
  it('is off by half the scale of a channel at most, 1/254 of its largest value', async () => {
    const rows = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (channels) => {
        const weights = vector(channels.flat(), [channels.length, 3]);
        const { data } = tensorOf(await back(weights, { kind: 'int8' }), 'w');
        for (const [channel, values] of channels.entries()) {
          const largest = Math.max(...values.map(Math.abs));
          const bound = (largest / (2 * HIGHEST_CODE)) * (1 + 1e-5) + HIGHEST_CODE * TINIEST;
          for (const [at, number] of values.entries()) {
            expect(Math.abs(data[channel * 3 + at]! - number)).toBeLessThanOrEqual(bound);
          }
        }
      }),
    );
  });

  it('takes a quarter of the bytes, and leaves a vector as it is', async () => {
    const weights: Weights = new Map([
      ['bias', { shape: [3], data: Float32Array.of(0.1, 0.2, 0.3) }],
      ['weight', { shape: [8, 4, 27], data: new Float32Array(864).fill(0.1) }],
    ]);
    const read = await back(weights, { kind: 'int8' });
    expect(read.get('bias')).toEqual(weights.get('bias'));
    const { layout } = encodedLayout(sourceOf(weights).tensors, { kind: 'int8' });
    expect(layout.tensors.map(({ name, byteLength }) => [name, byteLength])).toEqual([
      ['bias', 12],
      ['weight:scale', 32],
      ['weight', 864],
    ]);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])(
    'with a scale of %s is refused',
    async (scale) => {
      const weights = vector([1, 2, 3, 4], [2, 2]);
      const bytes = await bytesOf(weights, { kind: 'int8' });
      const { layout } = encodedLayout(sourceOf(weights).tensors, { kind: 'int8' });
      const [scales] = layout.tensors;
      new DataView(bytes.buffer).setFloat32(scales!.byteOffset + 4, scale, true);
      const source = await open(bytes, weights, { kind: 'int8' });
      await expect(source.read('w', 0, 2)).resolves.toHaveLength(2);
      await expect(source.read('w', 0, 4)).rejects.toThrow('the scale of channel 1 of w is');
    },
  );
});

describe('top-k', () => {
  it('keeps the largest exactly, as many as are asked for, and of equal ones the first', async () => {
    const values = fc.array(fc.constantFrom(-3, -2, -1, 0, 1, 2, 3), {
      minLength: 8,
      maxLength: 40,
    });
    const fraction = fc.constantFrom(0.05, 0.1, 0.25, 0.5);
    await fc.assert(
      fc.asyncProperty(values, fraction, async (numbers, part) => {
        const encoding: Encoding = { kind: 'top-k', fraction: part };
        const { data } = tensorOf(await back(vector(numbers), encoding), 'w');
        const count = Math.ceil(numbers.length * part - 1e-9);
        const order = numbers
          .map((number, at) => ({ number, at }))
          .sort((a, b) => Math.abs(b.number) - Math.abs(a.number) || a.at - b.at);
        const kept = new Set(order.slice(0, count).map(({ at }) => at));
        expect([...data]).toEqual(numbers.map((number, at) => (kept.has(at) ? number : 0)));
      }),
    );
  });

  it('loses no more than the rest of the square norm, in every stretch', async () => {
    const length = STRETCH + 1_000;
    const data = Float32Array.from({ length }, (_, at) => Math.sin(at * at));
    const weights: Weights = new Map([['w', { shape: [length], data }]]);
    const fraction = 0.1;
    const read = tensorOf(await back(weights, { kind: 'top-k', fraction }), 'w').data;
    const norm = (of: Float32Array) => of.reduce((sum, number) => sum + number * number, 0);
    for (const [from, to] of [
      [0, STRETCH],
      [STRETCH, length],
    ] as const) {
      const lost = data.slice(from, to).map((number, at) => number - read[from + at]!);
      expect(norm(lost)).toBeLessThanOrEqual((1 - fraction) * norm(data.slice(from, to)));
    }
    expect(read.filter((number) => number !== 0)).toHaveLength(6_554 + 100);
  });

  it.each([
    ['not in ascending order', [3, 2], 'are not in ascending order'],
    ['the same twice', [3, 3], 'are not in ascending order'],
    ['behind the end', [3, 20], 'lie behind its end'],
  ])('with positions that are %s is refused', async (_, positions, reason) => {
    const encoding: Encoding = { kind: 'top-k', fraction: 0.1 };
    const weights = vector(Array.from({ length: 20 }, (_, at) => at));
    const bytes = await bytesOf(weights, encoding);
    const entry = encodedLayout(sourceOf(weights).tensors, encoding).layout.tensors.find(
      ({ name }) => name === 'w:positions',
    );
    const view = new DataView(bytes.buffer);
    for (const [at, position] of positions.entries()) {
      view.setUint16(entry!.byteOffset + 2 * at, position, true);
    }
    const source = await open(bytes, weights, encoding);
    await expect(source.read('w', 0, 20)).rejects.toThrow(`the positions of w ${reason}`);
  });
});

describe('error feedback', () => {
  it.each(named)('in %s sends over many rounds all that was trained', async (_, encoding) => {
    const rounds = 200;
    const delta = vector([0.001, -0.02, 0.3, 0.004, 0.5, 0.06, -0.007, 0.8], [2, 4]);
    let residual = new Map([['w', { shape: [2, 4], data: new Float32Array(8) }]]) as Weights;
    const sum = new Float64Array(8);
    for (let round = 0; round < rounds; round++) {
      const source = withResidual(sourceOf(delta), sourceOf(residual));
      const sent = await open(await bytesOf(await whole(source), encoding), delta, encoding);
      for (const [at, number] of tensorOf(await whole(sent), 'w').data.entries()) {
        sum[at]! += number;
      }
      residual = await whole(residualOf(source, sent));
    }
    for (const [at, number] of tensorOf(delta, 'w').data.entries()) {
      const left = tensorOf(residual, 'w').data[at]!;
      expect(sum[at]! + left).toBeCloseTo(rounds * number, 3);
      expect(Math.abs(left)).toBeLessThan(20);
    }
  });
});

describe('a model', () => {
  it('whose tensors have the name that an encoding needs is refused by it', () => {
    const tensors = [
      { name: 'w', shape: [2, 8] },
      { name: 'w:scale', shape: [2] },
    ];
    expect(() => encodedLayout(tensors, { kind: 'int8' })).toThrow(
      'the encoding int8 needs the name w:scale',
    );
    expect(() => encodedLayout(tensors, { kind: 'bfloat16' })).not.toThrow();
  });
});
