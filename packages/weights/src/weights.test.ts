import { readFileSync } from 'node:fs';
import { isFedvoxError } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWeights, encodeWeights, tensorOf, type Weights } from './weights.js';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`golden/${name}.safetensors`, import.meta.url)));

/** What `golden/safetensors.golden.py` saved. */
const goldenWeights: Weights = new Map([
  ['empty', { shape: [0, 3], data: new Float32Array() }],
  ['model.0.conv.unit0.adn.A.weight', { shape: [1], data: Float32Array.of(0.25) }],
  [
    'model.0.conv.unit0.conv.weight',
    { shape: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, index) => index / 8) },
  ],
  ['model.1.submodule.residual.bias', { shape: [3], data: Float32Array.of(-1.5, 0, 3.25) }],
  ['scalar', { shape: [], data: Float32Array.of(Math.PI) }],
]);

const sortedByName = (weights: Weights): Weights =>
  new Map([...weights].sort(([a], [b]) => (a < b ? -1 : 1)));

const anyWeights: fc.Arbitrary<Weights> = fc
  .uniqueArray(
    fc.tuple(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => name !== '__metadata__'),
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }),
    ),
    { selector: ([name]) => name, maxLength: 8 },
  )
  .chain((specs) =>
    fc.tuple(
      ...specs.map(([name, shape]) => {
        const length = shape.reduce((product, size) => product * size, 1);
        return fc
          .float32Array({ minLength: length, maxLength: length })
          .map((data) => [name, { shape, data }] as const);
      }),
    ),
  )
  .map((tensors) => new Map(tensors));

describe('weights as safetensors bytes', () => {
  it('reads what the Python package wrote', () => {
    expect(sortedByName(decodeWeights(golden('plain')))).toEqual(goldenWeights);
  });

  it('reads a Buffer that shares its memory, and copies out of it', () => {
    const pooled = Buffer.concat([Buffer.from('x'), golden('plain')]).subarray(1);
    const decoded = decodeWeights(pooled);
    expect(sortedByName(decoded)).toEqual(goldenWeights);
    pooled.fill(0xff);
    expect(sortedByName(decoded)).toEqual(goldenWeights);
  });

  it('ignores metadata, which is about the file and not the model', () => {
    expect(sortedByName(decodeWeights(golden('with-metadata')))).toEqual(goldenWeights);
  });

  it('writes the very bytes that the Python package writes', () => {
    expect(Buffer.from(encodeWeights(goldenWeights))).toEqual(Buffer.from(golden('plain')));
  });

  it('refuses a dtype other than float32 by the name of the tensor', () => {
    expect(() => decodeWeights(golden('half'))).toThrow(
      expect.objectContaining({
        code: 'weights/unsupported-dtype',
        message: 'tensor w has dtype F16; only F32 is supported',
      }),
    );
  });

  it('leaves out what is not wanted, of whatever type, but not unread where it lies', () => {
    const half = golden('half');
    expect([...decodeWeights(half, (name) => name === 'w')]).toEqual([]);
    expect(() => decodeWeights(half.subarray(0, -1), () => true)).toThrow('header describes');
  });

  it('gives back any weights, bit for bit', () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        const decoded = decodeWeights(encodeWeights(weights));
        expect([...decoded.keys()].sort()).toEqual([...weights.keys()].sort());
        for (const [name, { shape, data }] of weights) {
          expect(tensorOf(decoded, name).shape).toEqual(shape);
          expect(Buffer.from(tensorOf(decoded, name).data.buffer)).toEqual(
            Buffer.from(data.buffer, data.byteOffset, data.byteLength),
          );
        }
      }),
    );
  });

  it('has the same bytes in whatever order the tensors came', () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        const reversed = new Map([...weights].reverse());
        expect(encodeWeights(reversed)).toEqual(encodeWeights(weights));
      }),
    );
  });

  it('refuses every truncation by name and never reads beyond the end', () => {
    const whole = golden('plain');
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeWeights(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'weights/not-safetensors' }),
      );
    }
  });

  it('answers any bytes with weights or a named error', () => {
    const whole = golden('plain');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const altered = whole.slice();
        altered[at] = value;
        try {
          decodeWeights(altered);
        } catch (error) {
          expect(isFedvoxError(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
