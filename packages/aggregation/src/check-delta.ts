import { assert } from '@fedvox/base';
import { elementCount } from '@fedvox/weights';
import { fail } from './errors.js';
import { inTurns, type SliceSource, VALUES_PER_SLICE } from './tensor-source.js';

const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * Refuses a delta that could not be averaged: it must have exactly the base's tensors and shapes,
 * and `base + delta` must be finite everywhere. The mean of such models is finite as well.
 * Holds one slice of each at a time.
 * @throws FedvoxError `aggregation/tensor-missing`, `tensor-unexpected`, `shape-mismatch`, `not-finite`
 */
export async function checkDelta(base: SliceSource, delta: SliceSource): Promise<void> {
  checkLayout(base, delta);
  for (const { name, shape } of base.tensors) {
    await inTurns(
      elementCount(shape),
      async (from, to) => {
        const baseValues = await base.readSlice(name, from, to);
        const deltaValues = await delta.readSlice(name, from, to);
        assert(baseValues.length === deltaValues.length, 'equal shapes hold equally many values');
        const at = deltaValues.findIndex(
          (value, i) => !(Math.abs((baseValues[i] as number) + value) <= MAX_FLOAT32),
        );
        if (at !== -1) throw fail('not-finite', { tensor: name, index: from + at });
      },
      VALUES_PER_SLICE,
    );
  }
}

/**
 * Refuses a model that nobody could train from. Holds one slice at a time.
 * @throws FedvoxError `aggregation/model-not-finite`
 */
export async function checkModel(model: SliceSource): Promise<void> {
  for (const { name, shape } of model.tensors) {
    await inTurns(
      elementCount(shape),
      async (from, to) => {
        const values = await model.readSlice(name, from, to);
        const at = values.findIndex((value) => !Number.isFinite(value));
        if (at !== -1) throw fail('model-not-finite', { tensor: name, index: from + at });
      },
      VALUES_PER_SLICE,
    );
  }
}

function checkLayout(base: SliceSource, delta: SliceSource): void {
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
