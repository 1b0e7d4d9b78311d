import { fail } from '../errors.js';
import { elementCount, type TensorSpec } from '../layout.js';
import { slicesOf } from '../tensor-source.js';
import { littleEndianBytes } from '../weights.js';
import type { TensorCodec, ValueReader } from './encoding.js';
import { float32 } from './float32.js';

/** Of the codes, which lie about zero evenly: −128 is none. */
const HIGHEST_CODE = 127;

/**
 * A code of 8 bits for each value and a float32 scale for each channel, the first axis of a tensor: value
 * ≈ scale · code, where the channel's largest value has the code ±127. So a value is off by half a scale
 * at most, 1/254 of the channel's largest. Tensors of one axis, and of one value a channel, stay float32.
 */
export const int8: TensorCodec = {
  stored(tensor, encoding) {
    if (!isScaled(tensor)) return float32.stored(tensor, encoding);
    const { name, shape } = tensor;
    return [
      { name, shape, dtype: 'I8' },
      { name: scaleName(name), shape: shape.slice(0, 1), dtype: 'F32' },
    ];
  },

  async *encode(tensor, read, encoding) {
    if (!isScaled(tensor)) return yield* float32.encode(tensor, read, encoding);
    const { name } = tensor;
    const scales = await scalesOf(tensor, read);
    yield { name: scaleName(name), from: 0, bytes: littleEndianBytes(scales) };
    for (const [from, to] of slicesOf(tensor)) {
      const values = await read(from, to);
      const codes = new Int8Array(values.length);
      for (const { channel, start, end } of channelsIn(tensor, from, to)) {
        const scale = scales[channel] as number;
        if (scale > 0) quantize(values, codes, start, end, scale);
      }
      yield { name, from, bytes: littleEndianBytes(codes) };
    }
  },

  decode(tensor, read, encoding) {
    if (!isScaled(tensor)) return float32.decode(tensor, read, encoding);
    const { name } = tensor;
    const length = channelLength(tensor);
    return async (from, to) => {
      const codes = new Int8Array((await read(name, from, to)).buffer);
      const [first, last] = [Math.floor(from / length), Math.ceil(to / length)];
      const scales = new Float32Array((await read(scaleName(name), first, last)).buffer);
      const values = new Float32Array(codes.length);
      for (const { channel, start, end } of channelsIn(tensor, from, to)) {
        const scale = scales[channel - first] as number;
        if (!(scale >= 0 && scale < Number.POSITIVE_INFINITY)) {
          const reason = `the scale of channel ${channel} of ${name} is ${scale}`;
          throw fail('not-as-written', { reason });
        }
        for (let i = start; i < end; i++) values[i] = scale * (codes[i] as number);
      }
      return values;
    };
  },
};

const scaleName = (name: string) => `${name}:scale`;

function channelLength({ shape }: TensorSpec): number {
  return elementCount(shape.slice(1));
}

/** Where a scale of its own is less than the bytes that it saves. */
function isScaled(tensor: TensorSpec): boolean {
  return tensor.shape.length > 1 && channelLength(tensor) > 1 && elementCount(tensor.shape) > 0;
}

/** The channels that values [from, to) are of, and where each begins and ends among them. */
function* channelsIn(
  tensor: TensorSpec,
  from: number,
  to: number,
): Generator<{ channel: number; start: number; end: number }> {
  const length = channelLength(tensor);
  for (let at = from; at < to; ) {
    const channel = Math.floor(at / length);
    const end = Math.min((channel + 1) * length, to);
    yield { channel, start: at - from, end: end - from };
    at = end;
  }
}

async function scalesOf(tensor: TensorSpec, read: ValueReader): Promise<Float32Array> {
  const largest = new Float32Array(tensor.shape[0] as number);
  for (const [from, to] of slicesOf(tensor)) {
    const values = await read(from, to);
    for (const { channel, start, end } of channelsIn(tensor, from, to)) {
      let most = largest[channel] as number;
      for (let i = start; i < end; i++) most = Math.max(most, Math.abs(values[i] as number));
      largest[channel] = most;
    }
  }
  return largest.map((most) => most / HIGHEST_CODE);
}

function quantize(
  values: Float32Array,
  codes: Int8Array,
  start: number,
  end: number,
  scale: number,
): void {
  for (let i = start; i < end; i++) {
    const code = Math.round((values[i] as number) / scale);
    codes[i] = Math.min(HIGHEST_CODE, Math.max(-HIGHEST_CODE, code));
  }
}
