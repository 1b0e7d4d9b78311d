import { assert } from '@fedvox/base';
import type { TensorSource } from '@fedvox/weights';

/** Values [from, to) of a tensor, in row-major order and any precision. */
type SliceReader = (name: string, from: number, to: number) => Promise<ArrayLike<number>>;

/** The model `base + change`, added in float64 and rounded once to float32. */
export function shifted(base: TensorSource, change: SliceReader): TensorSource {
  return {
    tensors: base.tensors,
    read: async (name, from, to) => {
      const values = await base.read(name, from, to);
      const changes = await change(name, from, to);
      for (let i = 0; i < values.length; i++) {
        const value = Math.fround((values[i] as number) + (changes[i] as number));
        assert(Number.isFinite(value), 'a model that sites are to train from is finite');
        values[i] = value;
      }
      return values;
    },
  };
}
