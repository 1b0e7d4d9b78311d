import { pixelDecoders } from '../dicom/codecs/decoders.js';
import type { PixelFormat } from '../dicom/frame.js';
import type { DicomFile } from '../dicom/part10.js';
import { frameReader } from '../dicom/pixels.js';
import type { Stack } from '../dicom/stack.js';
import { fail } from '../errors.js';
import type { ClassOfValue } from './class-names.js';
import type { SegHeader } from './dicom-seg.js';
import type { LabelCanvas } from './label-canvas.js';
import { type FramePlacement, placeFrames } from './seg-placement.js';

/**
 * Marks the voxels of a SEG's segments on the canvas of its series' volume.
 * @param file the whole file, whose description is `header`
 * @throws FedvoxError `label-slice-missing`, `label-grid-mismatch`, `overlapping-segments`,
 *   `corrupt-file`, `unsupported-transfer-syntax`
 */
export async function paintSegmentation(
  what: string,
  file: DicomFile,
  header: SegHeader,
  stack: Stack,
  classOf: ClassOfValue,
  canvas: LabelCanvas,
): Promise<void> {
  const placements = placeFrames(what, header, stack);
  const valueAt = valueReader(file, header);
  const [nx, ny] = stack.grid.shape;
  for (const { frameIndex, segmentNumber } of header.frames) {
    const frameClass = segmentNumber === undefined ? undefined : classOf.get(segmentNumber);
    if (segmentNumber !== undefined && !frameClass) continue;
    const values = await valueAt(frameIndex);
    const { origin, alongRow, downColumn } = placements[frameIndex] as FramePlacement;
    const first = origin[0] + nx * (origin[1] + ny * origin[2]);
    const columnStep = alongRow[0] + nx * alongRow[1];
    const rowStep = downColumn[0] + nx * downColumn[1];
    for (let row = 0, pixel = 0; row < header.rows; row++) {
      for (let column = 0; column < header.columns; column++, pixel++) {
        const value = values(pixel);
        if (value === 0) continue;
        const classIndex = frameClass ?? classOf.get(value);
        if (!classIndex) continue;
        canvas.mark(header.path, first + row * rowStep + column * columnStep, classIndex);
      }
    }
  }
}

/** Frame → pixel → stored value: 1 or 0, but for LABELMAP the segment number. */
type ValueReader = (frameIndex: number) => Promise<(pixel: number) => number>;

function valueReader(file: DicomFile, header: SegHeader): ValueReader {
  if (header.type === 'BINARY') return bitReader(file, header);
  const { rows, columns, bitsAllocated, type, maximumFractionalValue } = header;
  const readFrame = frameReader(file, pixelDecoders());
  const format: PixelFormat = {
    rows,
    columns,
    bitsAllocated: bitsAllocated as 8 | 16,
    bitsStored: bitsAllocated,
    highBit: bitsAllocated - 1,
    signed: false,
    inverted: false,
  };
  const littleEndian = file.syntax.bigEndian !== true;
  return async (frameIndex) => {
    const samples = await readFrame(frameIndex, format);
    const view = new DataView(samples.buffer, samples.byteOffset, samples.length);
    const stored = (pixel: number) =>
      bitsAllocated === 8 ? (samples[pixel] as number) : view.getUint16(2 * pixel, littleEndian);
    if (type === 'LABELMAP') return stored;
    return (pixel) => (2 * stored(pixel) >= maximumFractionalValue ? 1 : 0);
  };
}

/** Bits run on from frame to frame, least significant first, with no alignment (PS3.5 8.1.1). */
function bitReader(
  { path, bytes, pixelData, syntax }: DicomFile,
  { rows, columns, frames }: SegHeader,
): ValueReader {
  if (syntax.pixels !== 'native') {
    throw fail('unsupported-transfer-syntax', { path, transferSyntax: syntax.name });
  }
  if (syntax.bigEndian === true) {
    // Whether its bytes change places in pairs depends on how its writer packed bits into words.
    throw fail('unsupported-segmentation', { path, reason: 'it packs bits in big endian' });
  }
  const byteCount = Math.ceil((rows * columns * frames.length) / 8);
  if (pixelData === undefined || pixelData.offset + byteCount > bytes.length) {
    throw fail('corrupt-file', { path, reason: 'its pixel data ends before its last frame' });
  }
  const start = pixelData.offset;
  return async (frameIndex) => {
    const firstBit = frameIndex * rows * columns;
    return (pixel) => {
      const bit = firstBit + pixel;
      return ((bytes[start + (bit >>> 3)] as number) >>> (bit & 7)) & 1;
    };
  };
}
