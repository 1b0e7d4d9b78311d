import type { TensorSource } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { checkDelta, checkModel } from './index.js';

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const base = { w: { shape: [2, 2], data: [1, 2, 3, 4] }, b: { shape: [1], data: [3e38] } };

describe('a delta', () => {
  it('passes with the tensors of its base model, in any order', async () => {
    await expect(check({ b: base.b, w: base.w }, { ...base, b: zero })).resolves.toBeUndefined();
  });

  it('is refused without a tensor of the base model', async () => {
    await expect(check({ w: base.w })).rejects.toMatchObject({
      code: 'aggregation/tensor-missing',
      details: { tensor: 'b' },
    });
  });

  it('is refused with a tensor that the base model has not', async () => {
    const delta = { ...base, b: zero, extra: zero };
    await expect(check(delta)).rejects.toMatchObject({ code: 'aggregation/tensor-unexpected' });
  });

  it('is refused with another shape, even of as many values', async () => {
    const delta = { ...base, w: { shape: [4], data: base.w.data } };
    await expect(check(delta)).rejects.toMatchObject({
      code: 'aggregation/shape-mismatch',
      message: 'tensor w of the delta has shape [4]; the base model has [2,2]',
    });
  });

  it.each([Number.NaN, Infinity, -Infinity])('is refused with a value of %d', async (value) => {
    const delta = { b: zero, w: { shape: [2, 2], data: [0, 0, value, 0] } };
    await expect(check(delta)).rejects.toMatchObject({
      code: 'aggregation/not-finite',
      details: { tensor: 'w', index: 2 },
    });
  });

  it('is refused when adding it to the base model overflows float32', async () => {
    await expect(check({ ...base, b: { shape: [1], data: [1e38] } })).rejects.toMatchObject({
      code: 'aggregation/not-finite',
      details: { tensor: 'b', index: 0 },
    });
  });
});

describe('a model', () => {
  it('passes when every value is finite', async () => {
    await expect(checkModel(source(base))).resolves.toBeUndefined();
  });

  it('is refused with a value that is not', async () => {
    const model = { ...base, b: { shape: [1], data: [Number.NaN] } };
    await expect(checkModel(source(model))).rejects.toMatchObject({
      code: 'aggregation/model-not-finite',
      details: { tensor: 'b', index: 0 },
    });
  });
});

const zero: Tensor = { shape: [1], data: [0] };

function check(
  delta: Readonly<Record<string, Tensor>>,
  model: Readonly<Record<string, Tensor>> = base,
): Promise<void> {
  return checkDelta(source(model), source(delta));
}

function source(model: Readonly<Record<string, Tensor>>): TensorSource {
  return {
    tensors: Object.entries(model).map(([name, { shape }]) => ({ name, shape })),
    read: async (name, from, to) => Float32Array.from(model[name]?.data ?? []).subarray(from, to),
  };
}
