import { isDeepStrictEqual } from 'node:util';
import { boundedMap } from '../bounded-map.js';
import { fail } from '../errors.js';
import { assertUsable, voxelCount } from '../geometry/grid.js';
import type { Scan } from '../geometry/stored-volume.js';
import { groupBy } from '../group-by.js';
import { type PixelDecoders, pixelDecoders } from './codecs/decoders.js';
import { type Frame, framesOf } from './frame.js';
import { type DicomFile, ReusableBuffer, readDicom } from './part10.js';
import { frameReader } from './pixels.js';
import type { Stack } from './stack.js';
import { AS_STORED, decodeSamples, type ValueScale, valueScale } from './stored-samples.js';
import { airInPadding, type Padding, type PaddingPolicy, paddingOf } from './stored-values.js';

/** Reading one file while another is decoded is worth two; more would only hold more memory. */
const MAX_FILES_IN_MEMORY = 2;

interface Slice {
  readonly frame: Frame;
  readonly scale: ValueScale;
  readonly padding: Padding | undefined;
  /** Where its pixels go. */
  readonly values: Float32Array | Int16Array | Uint16Array;
}

/**
 * Reads the pixels of a stack, a file or two in memory at a time: as they are stored where one scale
 * makes values of them all, which PET has another of on every slice. Each file is checked to have the
 * headers that made the stack.
 * @param policy what becomes of padding
 * @throws FedvoxError `file-changed`, `unsupported-transfer-syntax`, `corrupt-file`, …
 */
export async function readStack(
  { frames, grid }: Stack,
  policy: PaddingPolicy = 'air',
): Promise<Scan> {
  assertUsable(grid);
  const alike = storedAlike(frames);
  if (alike === undefined || !frames.every((frame) => canStoreAir(frame, policy))) {
    const data = new Float32Array(voxelCount(grid));
    await readInto(frames, data, valueScale, policy);
    return { ...grid, data };
  }
  const { signed, gain, offset } = alike;
  const stored = new (signed ? Int16Array : Uint16Array)(voxelCount(grid));
  await readInto(frames, stored, () => AS_STORED, policy);
  return { ...grid, stored, gain, offset };
}

/** How every frame is stored, if all are stored in 16 bits at most, with one sign and scale. */
function storedAlike(frames: readonly Frame[]): (ValueScale & { signed: boolean }) | undefined {
  const codings = frames.map((frame) => ({ signed: frame.format.signed, ...valueScale(frame) }));
  const [first] = codings;
  const isNarrow = frames.every(({ format }) => format.bitsAllocated <= 16);
  return isNarrow && codings.every((coding) => isDeepStrictEqual(coding, first))
    ? first
    : undefined;
}

/** Whether the number that becomes of padding is one of those that pixels are stored as. */
function canStoreAir(frame: Frame, policy: PaddingPolicy): boolean {
  const padding = paddingOf(frame, policy);
  if (padding === undefined) return true;
  const lowest = frame.format.signed ? -0x8000 : 0;
  return padding.air >= lowest && padding.air <= lowest + 0xffff;
}

/** @param numbers of the whole stack, slice after slice */
async function readInto(
  frames: readonly Frame[],
  numbers: Slice['values'],
  scaleOf: (frame: Frame) => ValueScale,
  policy: PaddingPolicy,
): Promise<void> {
  const pixels = numbers.length / frames.length;
  const slices = frames.map((frame, slice): Slice => {
    const values = numbers.subarray(slice * pixels, (slice + 1) * pixels);
    return { frame, scale: scaleOf(frame), padding: paddingOf(frame, policy), values };
  });
  const files = [...groupBy(slices, ({ frame }) => frame.path)];
  const decoders = pixelDecoders();
  const buffers = Array.from({ length: MAX_FILES_IN_MEMORY }, () => new ReusableBuffer());
  await boundedMap(files, MAX_FILES_IN_MEMORY, async ([path, slicesOfFile], lane) => {
    const file = await readDicom(path, buffers[lane]);
    await readSlices(file, slicesOfFile, decoders);
  });
}

async function readSlices(
  file: DicomFile,
  slices: readonly Slice[],
  decoders: PixelDecoders,
): Promise<void> {
  const { path } = file;
  const current = file.pixelData === undefined ? [] : framesOf(file);
  const readFrame = frameReader(file, decoders);
  for (const { frame, scale, padding, values } of slices) {
    if (!isDeepStrictEqual(frame, current[frame.frameIndex])) throw fail('file-changed', { path });
    const samples = await readFrame(frame.frameIndex, frame.format);
    decodeSamples(samples, frame.format, scale, file.syntax.bigEndian === true, values);
    if (padding !== undefined) airInPadding(values, padding, scale);
  }
}
