import { assert } from '@fedvox/base';
import { slicesOf, type TensorSource } from '@fedvox/weights';
import { fail } from './errors.js';

const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * Refuses a delta that could not be averaged: it must have exactly the base's tensors and shapes,
 * and `base + delta` must be finite everywhere. The mean of such models is finite as well.
 * Holds one slice of each at a time.
 * @throws FedvoxError `aggregation/tensor-missing`, `tensor-unexpected`, `shape-mismatch`, `not-finite`
 */
export async function checkDelta(base: TensorSource, delta: TensorSource): Promise<void> {
  checkLayout(base, delta);
  for (const tensor of base.tensors) {
    const { name } = tensor;
    for (const [from, to] of slicesOf(tensor)) {
      const baseValues = await base.read(name, from, to);
      const deltaValues = await delta.read(name, from, to);
      assert(baseValues.length === deltaValues.length, 'equal shapes hold equally many values');
      const at = deltaValues.findIndex(
        (value, i) => !(Math.abs((baseValues[i] as number) + value) <= MAX_FLOAT32),
      );
      if (at !== -1) throw fail('not-finite', { tensor: name, index: from + at });
    }
  }
}

/**
 * Whether base and delta add up to finite values wherever they are, by the largest magnitude of each alone;
 * where not, `checkDelta` tells which.
 */
export function addsUpFinite(base: number, delta: number): boolean {
  return base + delta <= MAX_FLOAT32;
}

/**
 * Refuses a model that nobody could train from. Holds one slice at a time.
 * @throws FedvoxError `aggregation/model-not-finite`
 */
export async function checkModel(model: TensorSource): Promise<void> {
  for (const tensor of model.tensors) {
    const { name } = tensor;
    for (const [from, to] of slicesOf(tensor)) {
      const values = await model.read(name, from, to);
      const at = values.findIndex((value) => !Number.isFinite(value));
      if (at !== -1) throw fail('model-not-finite', { tensor: name, index: from + at });
    }
  }
}

function checkLayout(base: TensorSource, delta: TensorSource): void {
  const shapes = new Map(delta.tensors.map(({ name, shape }) => [name, shape.join(',')]));
  for (const { name, shape } of base.tensors) {
    const [expected, actual] = [shape.join(','), shapes.get(name)];
    if (actual === undefined) throw fail('tensor-missing', { tensor: name });
    if (actual !== expected) throw fail('shape-mismatch', { tensor: name, expected, actual });
    shapes.delete(name);
  }
  const [unexpected] = shapes.keys();
  if (unexpected !== undefined) throw fail('tensor-unexpected', { tensor: unexpected });
}
