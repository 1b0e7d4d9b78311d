import { slicesOf } from '../tensor-source.js';
import { littleEndianBytes } from '../weights.js';
import type { TensorCodec } from './encoding.js';

/** Every value as it is. */
export const float32: TensorCodec = {
  stored: ({ name, shape }) => [{ name, shape, dtype: 'F32' }],

  async *encode(tensor, read) {
    for (const [from, to] of slicesOf(tensor)) {
      yield { name: tensor.name, from, bytes: littleEndianBytes(await read(from, to)) };
    }
  },

  decode:
    ({ name }, read) =>
    async (from, to) =>
      new Float32Array((await read(name, from, to)).buffer),
};
