import { fail } from '../errors.js';
import { slicesOf } from '../tensor-source.js';
import { littleEndianBytes } from '../weights.js';
import type { TensorCodec } from './encoding.js';

/** Exponent of what is no number or infinite, in the upper half of a float32. */
const NOT_FINITE = 0x7f80;

/**
 * The upper half of each float32, rounded to nearest, ties to even: sign, exponent and 7 bits. A value is
 * off by 1/256 of itself at most, or by 2⁻¹³⁴ where it is that small.
 */
export const bfloat16: TensorCodec = {
  stored: ({ name, shape }) => [{ name, shape, dtype: 'BF16' }],

  async *encode(tensor, read) {
    for (const [from, to] of slicesOf(tensor)) {
      const halves = upperHalves(await read(from, to));
      const at = halves.findIndex((half) => (half & NOT_FINITE) === NOT_FINITE);
      if (at !== -1) throw fail('not-encodable', { tensor: tensor.name, index: from + at });
      yield { name: tensor.name, from, bytes: littleEndianBytes(halves) };
    }
  },

  decode:
    ({ name }, read) =>
    async (from, to) => {
      const halves = new Uint16Array((await read(name, from, to)).buffer);
      const bits = new Uint32Array(halves.length);
      for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
      return new Float32Array(bits.buffer);
    },
};

function upperHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const value = bits[i] as number;
    halves[i] = (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return halves;
}
