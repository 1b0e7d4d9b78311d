import type { Frame, PixelFormat } from './frame.js';

/**
 * Stored samples to values: unused bits masked, sign extended, MONOCHROME1 mirrored, then
 * `slope · stored + intercept` (PS3.3 C.11.1). Double inside, float32 out.
 * @param samples exactly `frameByteCount` bytes, in the byte order of the file
 * @param values `rows · columns` values of the slice, written in place
 */
export function decodeSamples(
  samples: Uint8Array,
  { format, slope, intercept }: Pick<Frame, 'format' | 'slope' | 'intercept'>,
  bigEndian: boolean,
  values: Float32Array,
): void {
  const stored = storedSamples(samples, format.bitsAllocated, bigEndian);
  // Shifting left until the highest stored bit is bit 31 and back again masks and extends the sign.
  const left = 31 - format.highBit;
  const right = 32 - format.bitsStored;
  const mirror = mirrorSum(format);
  const sign = mirror === undefined ? 1 : -1;
  const gain = slope * sign;
  const offset = intercept + slope * (mirror ?? 0);
  if (format.signed) {
    for (let at = 0; at < values.length; at++) {
      values[at] = gain * (((stored[at] as number) << left) >> right) + offset;
    }
  } else {
    for (let at = 0; at < values.length; at++) {
      values[at] = gain * (((stored[at] as number) << left) >>> right) + offset;
    }
  }
}

/** For MONOCHROME1: lowest plus highest stored value, from which each value is subtracted. */
function mirrorSum({ inverted, signed, bitsStored }: PixelFormat): number | undefined {
  if (!inverted) return undefined;
  return signed ? -1 : 2 ** bitsStored - 1;
}

/** The bytes as unsigned samples; copied only where their order or their place in memory asks for it. */
function storedSamples(
  bytes: Uint8Array,
  bitsAllocated: PixelFormat['bitsAllocated'],
  bigEndian: boolean,
): Uint8Array | Uint16Array | Uint32Array {
  if (bitsAllocated === 8) return bytes;
  const bytesPerSample = bitsAllocated / 8;
  const isAligned = bytes.byteOffset % bytesPerSample === 0;
  const { buffer, byteOffset, length } =
    isAligned && !bigEndian ? bytes : copied(bytes, bitsAllocated, bigEndian);
  return bitsAllocated === 16
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Uint32Array(buffer, byteOffset, length / 4);
}

function copied(bytes: Uint8Array, bitsAllocated: 16 | 32, bigEndian: boolean): Uint8Array {
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  if (!bigEndian) return copy;
  return bitsAllocated === 16 ? copy.swap16() : copy.swap32();
}
