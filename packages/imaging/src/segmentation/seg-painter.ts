import { pixelDecoders } from '../dicom/codecs/decoders.js';
import type { PixelFormat } from '../dicom/codecs/pixel-format.js';
import type { DicomFile } from '../dicom/part10.js';
import { frameReader } from '../dicom/pixels.js';
import type { Stack } from '../dicom/stack.js';
import { fail } from '../errors.js';
import { apply, invert, multiply } from '../geometry/affine.js';
import type { Grid, LabelMap } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import type { ClassOfValue } from './class-names.js';
import { checkDeclared } from './declared.js';
import type { SegHeader } from './dicom-seg.js';
import type { LabelCanvas } from './label-canvas.js';
import type { FramePlacement } from './seg-grid.js';
import { placeSegmentation } from './seg-placement.js';

/** A marked voxel may lie beyond the image's voxels by what rounding makes of half of one. */
const MAX_BEYOND_VOXELS = 0.51;

/**
 * Marks the voxels of a SEG's segments on the canvas of its series' volume: those that its pixels are, or
 * those whose centres are nearest to a pixel, where it has a grid of its own.
 * @param file the whole file, whose description is `header`
 * @param sampled a label map at the voxels of another grid, nearest, with nothing beyond it
 * @throws FedvoxError `label-slice-missing`, `label-grid-mismatch`, `label-undeclared`, `overlapping-segments`,
 *   `corrupt-file`, `unsupported-transfer-syntax`
 */
export async function paintSegmentation(
  what: string,
  file: DicomFile,
  header: SegHeader,
  stack: Stack,
  classOf: ClassOfValue,
  canvas: LabelCanvas,
  sampled: (drawn: LabelMap, grid: Grid) => LabelMap,
): Promise<void> {
  const { frames, ownGrid } = placeSegmentation(what, header, stack);
  if (ownGrid === undefined) {
    await paintFrames(file, header, frames, stack.grid, classOf, canvas);
    return;
  }
  const own = canvas.on(ownGrid);
  await paintFrames(file, header, frames, ownGrid, classOf, own);
  const drawn = own.finished();
  checkWithin(what, header, drawn, stack.grid);
  const { data } = sampled(drawn, stack.grid);
  for (const [voxel, classIndex] of data.entries()) {
    if (classIndex > 0) canvas.mark(header.path, voxel, classIndex);
  }
}

async function paintFrames(
  file: DicomFile,
  header: SegHeader,
  placements: readonly FramePlacement[],
  { shape: [nx, ny] }: Grid,
  classOf: ClassOfValue,
  canvas: LabelCanvas,
): Promise<void> {
  const valueAt = valueReader(file, header);
  const undeclared = new Set<number>();
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
        if (classIndex === undefined) undeclared.add(value);
        if (!classIndex) continue;
        canvas.mark(header.path, first + row * rowStep + column * columnStep, classIndex);
      }
    }
  }
  checkDeclared(header.path, header.segments, undeclared);
}

/** Nothing that is drawn may be lost beyond the image. */
function checkWithin(what: string, { path }: SegHeader, drawn: LabelMap, image: Grid): void {
  const indexOf = multiply(invert(image.affineRas), drawn.affineRas);
  const [nx, ny] = drawn.shape;
  for (const [voxel, classIndex] of drawn.data.entries()) {
    if (classIndex === 0) continue;
    const index: Vec3 = [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
    const isBeyond = apply(indexOf, index).map((value, axis) => {
      return value < -MAX_BEYOND_VOXELS || value > image.shape[axis]! - 1 + MAX_BEYOND_VOXELS;
    });
    if (isBeyond[2] === true) throw fail('label-slice-missing', { path, what });
    if (isBeyond.includes(true)) {
      throw fail('label-grid-mismatch', { path, reason: 'it is drawn beyond its image' });
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

/** Bits run on from frame to frame, least significant first, with no alignment (PS3.5 8.1.1) as a rule. */
function bitReader(
  { path, bytes, pixelData, syntax }: DicomFile,
  { rows, columns, frames, isByteAligned }: SegHeader,
): ValueReader {
  if (syntax.pixels !== 'native') {
    throw fail('unsupported-transfer-syntax', { path, transferSyntax: syntax.name });
  }
  if (syntax.bigEndian === true) {
    // Whether its bytes change places in pairs depends on how its writer packed bits into words.
    throw fail('unsupported-segmentation', { path, reason: 'it packs bits in big endian' });
  }
  const pixels = rows * columns;
  const frameBits = isByteAligned ? 8 * Math.ceil(pixels / 8) : pixels;
  const byteCount = Math.ceil((frameBits * frames.length) / 8);
  if (pixelData === undefined || pixelData.offset + byteCount > bytes.length) {
    throw fail('corrupt-file', { path, reason: 'its pixel data ends before its last frame' });
  }
  const start = pixelData.offset;
  return async (frameIndex) => {
    const firstBit = frameIndex * frameBits;
    return (pixel) => {
      const bit = firstBit + pixel;
      return ((bytes[start + (bit >>> 3)] as number) >>> (bit & 7)) & 1;
    };
  };
}
