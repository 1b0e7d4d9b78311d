import { assert } from '@fedvox/base';
import { fail } from './errors.js';
import { inTurns, type TensorSource } from './tensor-source.js';

const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * Refuses a delta that could not be averaged: it must have exactly the base's tensors and shapes,
 * and `base + delta` must be finite everywhere. The mean of such models is finite as well.
 * Holds one tensor of each at a time.
 * @throws FedvoxError `aggregation/tensor-missing`, `tensor-unexpected`, `shape-mismatch`, `not-finite`
 */
export async function checkDelta(base: TensorSource, delta: TensorSource): Promise<void> {
  checkLayout(base, delta);
  for (const { name } of base.tensors) {
    const [baseValues, deltaValues] = [await base.read(name), await delta.read(name)];
    assert(baseValues.length === deltaValues.length, 'equal shapes hold equally many values');
    await inTurns(deltaValues.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const value = (baseValues[i] as number) + (deltaValues[i] as number);
        if (!(Math.abs(value) <= MAX_FLOAT32)) throw fail('not-finite', { tensor: name, index: i });
      }
    });
  }
}

/**
 * Refuses a model that nobody could train from. Holds one tensor at a time.
 * @throws FedvoxError `aggregation/model-not-finite`
 */
export async function checkModel(model: TensorSource): Promise<void> {
  for (const { name } of model.tensors) {
    const values = await model.read(name);
    await inTurns(values.length, (from, to) => {
      for (let i = from; i < to; i++) {
        if (!Number.isFinite(values[i])) throw fail('model-not-finite', { tensor: name, index: i });
      }
    });
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
