import { fail } from '../errors.js';
import { type Encapsulated, encapsulatedFrame, encapsulatedFrames } from './encapsulation.js';
import { type Frame, frameByteCount } from './frame.js';
import type { DicomFile, PixelDataElement } from './part10.js';
import { decodeRle } from './rle.js';

/**
 * Reads frames of one whole file (`readDicom`) as plain samples.
 * @throws FedvoxError `unsupported-transfer-syntax`, `corrupt-file`
 */
export function frameReader(file: DicomFile): (frame: Frame) => Uint8Array {
  const { path, syntax, pixelData, bytes } = file;
  if (pixelData === undefined) {
    throw fail('corrupt-file', { path, reason: 'it ends before its pixel data' });
  }
  if (syntax.pixels === undefined) {
    throw fail('unsupported-transfer-syntax', { path, transferSyntax: syntax.name });
  }
  if (syntax.pixels === 'native') return (frame) => nativeFrame(path, bytes, pixelData, frame);
  const encapsulated: Encapsulated = encapsulatedFrames(path, bytes, pixelData);
  return (frame) =>
    decodeRle(path, encapsulatedFrame(encapsulated, frame.frameIndex), frame.format);
}

function nativeFrame(
  path: string,
  bytes: Uint8Array,
  pixelData: PixelDataElement,
  { frameIndex, format }: Frame,
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
