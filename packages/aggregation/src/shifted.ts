import { assert } from '@fedvox/base';
import { type TensorSource, VALUES_PER_SLICE } from '@fedvox/weights';
import { readInto } from './kernels/workbench.js';

/**
 * Values [from, to) of a tensor, in row-major order and any precision; in `scratch`, which is as long, where the
 * reader has no memory of its own for them.
 */
type SliceReader = (
  name: string,
  from: number,
  to: number,
  scratch: Float64Array,
) => Promise<ArrayLike<number>>;

/** The model `base + change`, added in float64 and rounded once to float32. */
export function shifted(base: TensorSource, change: SliceReader): TensorSource {
  // More than one only where a slice is asked for before another is answered.
  const free: Float64Array[] = [];
  const intoTarget = async (target: Float32Array, name: string, from: number): Promise<void> => {
    const to = from + target.length;
    const scratch = free.pop() ?? new Float64Array(VALUES_PER_SLICE);
    await readInto(base, target, name, from, to);
    const fits = target.length <= VALUES_PER_SLICE;
    const part = fits ? scratch.subarray(0, target.length) : new Float64Array(target.length);
    add(target, await change(name, from, to, part));
    free.push(scratch);
  };
  return {
    tensors: base.tensors,
    read: async (name, from, to) => {
      const values = new Float32Array(to - from);
      await intoTarget(values, name, from);
      return values;
    },
    readInto: intoTarget,
  };
}

function add(values: Float32Array, changes: ArrayLike<number>): void {
  // Nothing times zero is zero but what is finite: one look at the sum instead of one at each value.
  let zero = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround((values[i] as number) + (changes[i] as number));
    values[i] = value;
    zero += value * 0;
  }
  assert(zero === 0, 'a model that sites are to train from is finite');
}
