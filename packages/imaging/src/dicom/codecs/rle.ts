import { fail } from '../../errors.js';
import { frameByteCount, type PixelFormat } from './pixel-format.js';

const MAX_SEGMENTS = 15;
const HEADER_BYTES = 64;
/** Two bytes make a run of 128 at most: fewer bytes cannot fill the frame, whatever they are. */
const MAX_EXPANSION = 64;

/**
 * RLE Lossless (PS3.5 Annex G): one PackBits segment per byte of a sample, most significant first.
 * Returns little-endian samples.
 * @throws FedvoxError `corrupt-file`
 */
export function decodeRle(path: string, bytes: Uint8Array, format: PixelFormat): Uint8Array {
  const bytesPerSample = format.bitsAllocated / 8;
  if (bytes.length < HEADER_BYTES) throw corrupt(path);
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const segments = header.getUint32(0, true);
  if (segments !== bytesPerSample || segments > MAX_SEGMENTS) throw corrupt(path);
  if (frameByteCount(format) > MAX_EXPANSION * bytes.length) throw corrupt(path);
  const samples = new Uint8Array(frameByteCount(format));
  for (let segment = 0; segment < segments; segment++) {
    const start = header.getUint32(4 * (segment + 1), true);
    const end = segment + 1 < segments ? header.getUint32(4 * (segment + 2), true) : bytes.length;
    if (start < HEADER_BYTES || start > end || end > bytes.length) throw corrupt(path);
    const isComplete = unpackBits(
      bytes.subarray(start, end),
      samples,
      bytesPerSample - 1 - segment,
      bytesPerSample,
    );
    if (!isComplete) throw corrupt(path);
  }
  return samples;
}

/** Writes every `stride`-th byte from `at` on; whether the packed bytes filled them all. */
function unpackBits(packed: Uint8Array, out: Uint8Array, at: number, stride: number): boolean {
  let to = at;
  let from = 0;
  while (to < out.length && from < packed.length) {
    const control = packed[from++] as number;
    if (control === 128) continue;
    const isRun = control > 128;
    const count = isRun ? 257 - control : control + 1;
    for (let step = 0; step < count && to < out.length; step++, to += stride) {
      const value = packed[isRun ? from : from + step];
      if (value === undefined) return false;
      out[to] = value;
    }
    from += isRun ? 1 : count;
  }
  return to >= out.length;
}

function corrupt(path: string): Error {
  return fail('corrupt-file', { path, reason: 'its RLE pixel data does not decode' });
}
