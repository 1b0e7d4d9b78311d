import type { PixelFormat } from './codecs/pixel-format.js';
import type { Frame } from './frame.js';

/** What makes values of stored samples: `gain · stored + offset`, double inside. */
export interface ValueScale {
  readonly gain: number;
  readonly offset: number;
}

type Slice = Float32Array | Int16Array | Uint16Array;

/** Samples as they are stored. */
export const AS_STORED: ValueScale = { gain: 1, offset: 0 };

/**
 * The modality's values: `slope · stored + intercept` (PS3.3 C.11.1). MONOCHROME1 says how values are shown, after
 * the VOI stage (C.7.6.3.1.2), and changes none of them.
 */
export function valueScale({ slope, intercept }: Pick<Frame, 'slope' | 'intercept'>): ValueScale {
  return { gain: slope, offset: intercept };
}

/**
 * Samples to numbers: unused bits masked, sign extended, scaled.
 * @param samples exactly `frameByteCount` bytes, in the byte order of the file
 * @param values `rows · columns` numbers of the slice, written in place; 16-bit ones hold what is
 *   `AS_STORED` in 16 bits or fewer
 */
export function decodeSamples(
  samples: Uint8Array,
  format: PixelFormat,
  { gain, offset }: ValueScale,
  bigEndian: boolean,
  values: Slice,
): void {
  const stored = storedSamples(samples, format, bigEndian);
  if (format.bitsStored === format.bitsAllocated && format.bitsStored <= 16) {
    values.set(stored); // at the speed of memory, and exact: float32 holds every 16-bit number
    if (gain !== 1 || offset !== 0) rescale(values, gain, offset);
  } else {
    unpack(stored, format, gain, offset, values);
  }
}

function rescale(values: Slice, gain: number, offset: number): void {
  const { length } = values;
  for (let at = 0; at < length; at++) values[at] = gain * (values[at] as number) + offset;
}

function unpack(
  stored: Samples,
  { highBit, bitsStored, signed }: PixelFormat,
  gain: number,
  offset: number,
  values: Slice,
): void {
  // Shifting left until the highest stored bit is bit 31 and back again masks and extends the sign.
  const left = 31 - highBit;
  const right = 32 - bitsStored;
  const { length } = values;
  if (signed) {
    for (let at = 0; at < length; at++) {
      values[at] = gain * (((stored[at] as number) << left) >> right) + offset;
    }
  } else {
    for (let at = 0; at < length; at++) {
      values[at] = gain * (((stored[at] as number) << left) >>> right) + offset;
    }
  }
}

type Samples = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

const ARRAY_OF = {
  8: { signed: Int8Array, unsigned: Uint8Array },
  16: { signed: Int16Array, unsigned: Uint16Array },
  32: { signed: Int32Array, unsigned: Uint32Array },
} as const;

/** The bytes as samples; copied only where their order or their place in memory asks for it. */
function storedSamples(
  bytes: Uint8Array,
  { bitsAllocated, signed }: PixelFormat,
  bigEndian: boolean,
): Samples {
  const bytesPerSample = bitsAllocated / 8;
  const isReady = bytes.byteOffset % bytesPerSample === 0 && (!bigEndian || bitsAllocated === 8);
  const { buffer, byteOffset, length } = isReady ? bytes : copied(bytes, bitsAllocated, bigEndian);
  const Samples = ARRAY_OF[bitsAllocated][signed ? 'signed' : 'unsigned'];
  return new Samples(buffer as ArrayBuffer, byteOffset, length / bytesPerSample);
}

function copied(
  bytes: Uint8Array,
  bitsAllocated: PixelFormat['bitsAllocated'],
  bigEndian: boolean,
): Uint8Array {
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  if (!bigEndian) return copy;
  return bitsAllocated === 16 ? copy.swap16() : copy.swap32();
}
