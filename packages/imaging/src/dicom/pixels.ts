import { fail } from '../errors.js';
import type { PixelDecoders } from './codecs/decoders.js';
import { frameByteCount, type PixelFormat } from './codecs/pixel-format.js';
import { encapsulatedFrame, encapsulatedFrames } from './encapsulation.js';
import { frameCount } from './frame.js';
import type { DicomFile, PixelDataElement } from './part10.js';

/** Reads one frame of a file as plain samples, in the file's byte order. */
export type FrameReader = (frameIndex: number, format: PixelFormat) => Promise<Uint8Array>;

/**
 * Reads frames of one whole file (`readDicom`).
 * @throws FedvoxError `unsupported-transfer-syntax`, `corrupt-file`; so does the reader
 */
export function frameReader(file: DicomFile, decoders: PixelDecoders): FrameReader {
  const { path, syntax, pixelData, bytes } = file;
  if (pixelData === undefined) {
    throw fail('corrupt-file', { path, reason: 'it ends before its pixel data' });
  }
  const { pixels } = syntax;
  if (pixels === undefined) {
    throw fail('unsupported-transfer-syntax', { path, transferSyntax: syntax.name });
  }
  if (pixels === 'native') {
    return async (frameIndex, format) => nativeFrame(path, bytes, pixelData, frameIndex, format);
  }
  const encapsulated = encapsulatedFrames(path, bytes, pixelData, frameCount(file.attributes));
  return (frameIndex, format) =>
    decoders.decode(path, pixels, encapsulatedFrame(encapsulated, frameIndex), format);
}

function nativeFrame(
  path: string,
  bytes: Uint8Array,
  pixelData: PixelDataElement,
  frameIndex: number,
  format: PixelFormat,
): Uint8Array {
  const size = frameByteCount(format);
  const start = pixelData.offset + frameIndex * size;
  const declaredEnd = pixelData.offset + (pixelData.length ?? 0);
  if (start + size > Math.min(bytes.length, declaredEnd)) {
    throw fail('corrupt-file', {
      path,
      reason: `its pixel data ends before frame ${frameIndex + 1} does`,
    });
  }
  return bytes.subarray(start, start + size);
}
