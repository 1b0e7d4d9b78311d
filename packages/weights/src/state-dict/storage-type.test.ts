import { describe, expect, it } from 'vitest';
import { STORAGE_TYPES } from './storage-type.js';

describe('float16', () => {
  it('has each of its values, as IEEE 754 defines them', () => {
    const bits = Uint16Array.from({ length: 1 << 16 }, (_, at) => at);
    const values = STORAGE_TYPES.get('HalfStorage')?.toFloat32(new Uint8Array(bits.buffer));
    const differing = bits.filter((_, at) => !Object.is(values?.[at], defined(at)));
    expect(differing).toEqual(new Uint16Array());
  });
});

/** (−1)ˢ · 2^(e−15) · (1 + f/1024); with e = 0: (−1)ˢ · 2⁻¹⁴ · f/1024. */
function defined(bits: number): number {
  const text = bits.toString(2).padStart(16, '0');
  const sign = (-1) ** Number(text[0]);
  const [e, f] = [Number.parseInt(text.slice(1, 6), 2), Number.parseInt(text.slice(6), 2)];
  if (e === 31) return f === 0 ? sign / 0 : Number.NaN;
  return e === 0 ? sign * 2 ** -14 * (f / 1024) : sign * 2 ** (e - 15) * (1 + f / 1024);
}
