import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import { elementCount, type TensorSpec } from '../layout.js';
import { littleEndianBytes } from '../weights.js';
import type { Encoding, TensorCodec } from './encoding.js';
import { float32 } from './float32.js';

/** Values among which the largest are chosen: as many as 16 bits can point into. */
const STRETCH = 1 << 16;
/** Of one value that is kept: two of its position, four of itself. */
const BYTES_PER_KEPT = 6;
/** What of a product is rounding. */
const ROUNDING = 1e-9;

/**
 * Of each stretch of 65,536 values the `fraction` whose magnitude is largest, exactly, with their positions
 * in it; the others count as 0. What is lost of a stretch is no more than (1 − fraction) of its square
 * norm: the k-contraction of Stich, Cordonnier and Jaggi, NeurIPS 2018. Of equal magnitudes the first are
 * kept. Tensors of which this would be no less than float32 stay float32.
 */
export const topK: TensorCodec<Extract<Encoding, { kind: 'top-k' }>> = {
  stored(tensor, { fraction }) {
    const { name, shape } = tensor;
    if (!isSparse(tensor, fraction)) return [{ name, shape, dtype: 'F32' }];
    const kept = [keptOf(elementCount(shape), fraction)];
    return [
      { name: positionsName(name), shape: kept, dtype: 'U16' },
      { name: valuesName(name), shape: kept, dtype: 'F32' },
    ];
  },

  async *encode(tensor, read, encoding) {
    const { fraction } = encoding;
    if (!isSparse(tensor, fraction)) return yield* float32.encode(tensor, read, encoding);
    const { name, shape } = tensor;
    const length = elementCount(shape);
    for (let start = 0; start < length; start += STRETCH) {
      const values = await read(start, Math.min(start + STRETCH, length));
      const positions = largest(values, keptOf(values.length, fraction));
      const kept = Float32Array.from(positions, (position) => values[position] as number);
      const from = keptOf(start, fraction);
      yield { name: positionsName(name), from, bytes: littleEndianBytes(positions) };
      yield { name: valuesName(name), from, bytes: littleEndianBytes(kept) };
    }
  },

  decode(tensor, read, encoding) {
    const { fraction } = encoding;
    if (!isSparse(tensor, fraction)) return float32.decode(tensor, read, encoding);
    const { name, shape } = tensor;
    const length = elementCount(shape);
    return async (from, to) => {
      const values = new Float32Array(to - from);
      for (let start = from - (from % STRETCH); start < to; start += STRETCH) {
        const end = Math.min(start + STRETCH, length);
        const [first, last] = [keptOf(start, fraction), keptOf(end, fraction)];
        const positions = new Uint16Array((await read(positionsName(name), first, last)).buffer);
        const kept = new Float32Array((await read(valuesName(name), first, last)).buffer);
        checkPositions(name, positions, end - start);
        for (let i = 0; i < positions.length; i++) {
          const at = start + (positions[i] as number) - from;
          if (at >= 0 && at < values.length) values[at] = kept[i] as number;
        }
      }
      return values;
    };
  },
};

const positionsName = (name: string) => `${name}:positions`;
const valuesName = (name: string) => `${name}:values`;

/** How many of a tensor's first values are kept: at least one of each stretch. */
function keptOf(length: number, fraction: number): number {
  const ofStretch = (values: number) => Math.max(1, Math.ceil(values * fraction - ROUNDING));
  const [whole, rest] = [Math.floor(length / STRETCH), length % STRETCH];
  return whole * ofStretch(STRETCH) + (rest === 0 ? 0 : ofStretch(rest));
}

function isSparse({ shape }: TensorSpec, fraction: number): boolean {
  const length = elementCount(shape);
  return keptOf(length, fraction) * BYTES_PER_KEPT < length * Float32Array.BYTES_PER_ELEMENT;
}

/** Positions of the values of largest magnitude, in ascending order. */
function largest(values: Float32Array, count: number): Uint16Array {
  // Without its sign, a float32 is the larger the larger its bits are as an integer.
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const magnitudes = bits.map((value) => value & 0x7fffffff);
  const ascending = magnitudes.toSorted();
  const threshold = ascending[ascending.length - count] as number;
  let free = count - (ascending.length - 1 - ascending.lastIndexOf(threshold));
  const positions = new Uint16Array(count);
  for (let at = 0, found = 0; found < count; at++) {
    const magnitude = magnitudes[at] as number;
    if (magnitude < threshold || (magnitude === threshold && free-- <= 0)) continue;
    positions[found++] = at;
  }
  return positions;
}

/** Ascending and within their stretch, so that equal values have one form and none is said twice. */
function checkPositions(name: string, positions: Uint16Array, length: number): void {
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as number;
    if (position >= length) throw misplaced(name, `lie behind its end`);
    if (i > 0 && position <= (positions[i - 1] as number)) {
      throw misplaced(name, 'are not in ascending order');
    }
  }
}

function misplaced(name: string, how: string): FedvoxError {
  return fail('not-as-written', { reason: `the positions of ${name} ${how}` });
}
