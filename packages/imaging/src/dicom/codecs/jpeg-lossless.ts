import { Decoder } from 'jpeg-lossless-decoder-js';
import type { CodedImage } from './coded-image.js';
import { END_MARKER, endMarkerAt } from './end-marker.js';

/** Where the last pixel's code ends with a byte, the decoder takes the marker behind it for the pixel's end. */
const BEFORE_END = Buffer.from([0]);

/**
 * JPEG lossless, process 14 (ITU-T T.81 H), of a stream with an end marker. Throws anything when it
 * cannot, or when the stream ends before its last pixel: the decoder would go on with what is not there.
 */
export function decodeJpegLossless(encoded: Uint8Array): CodedImage {
  const image = encoded.subarray(0, endMarkerAt(encoded));
  const bytes = Buffer.concat([image, BEFORE_END, END_MARKER]);
  const decoder = new Decoder();
  const decoded = decoder.decode(bytes.buffer, bytes.byteOffset, bytes.length);
  const { dimX: columns, dimY: rows, numComp: components } = decoder.frame;
  if (decoder.yLoc < rows || decoder.stream.index > bytes.length) throw new Error('cut short');
  return {
    rows,
    columns,
    components,
    bytesPerSample: decoded.BYTES_PER_ELEMENT as 1 | 2,
    samples: new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength),
  };
}
