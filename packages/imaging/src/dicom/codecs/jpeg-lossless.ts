import { Decoder } from 'jpeg-lossless-decoder-js';
import type { CodedImage } from './coded-image.js';

/** JPEG lossless, process 14 (ITU-T T.81 H). Throws anything when it cannot. */
export function decodeJpegLossless(encoded: Uint8Array): CodedImage {
  const decoder = new Decoder();
  const { buffer, byteOffset, length } = encoded;
  const decoded = decoder.decode(buffer as ArrayBuffer, byteOffset, length);
  const samples = new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
  return {
    rows: decoder.frame.dimY,
    columns: decoder.frame.dimX,
    components: decoder.frame.numComp,
    bytesPerSample: decoded.BYTES_PER_ELEMENT as 1 | 2,
    samples,
  };
}
