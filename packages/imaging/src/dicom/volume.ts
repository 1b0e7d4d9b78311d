import { isDeepStrictEqual } from 'node:util';
import { boundedMap } from '../bounded-map.js';
import { fail } from '../errors.js';
import { type Volume, voxelCount } from '../geometry/grid.js';
import { groupBy } from '../group-by.js';
import { type PixelDecoders, pixelDecoders } from './codecs/decoders.js';
import { type Frame, framesOf } from './frame.js';
import { type DicomFile, ReusableBuffer, readDicom } from './part10.js';
import { frameReader } from './pixels.js';
import { decodeSamples } from './samples.js';
import type { Stack } from './stack.js';

/** Reading one file while another is decoded is worth two; more would only hold more memory. */
const MAX_FILES_IN_MEMORY = 2;

interface Slice {
  readonly frame: Frame;
  /** Where its pixels go. */
  readonly values: Float32Array;
}

/**
 * Reads the pixels of a stack, a file or two in memory at a time. Each file is checked to have the
 * headers that made the stack.
 * @throws FedvoxError `file-changed`, `unsupported-transfer-syntax`, `corrupt-file`, …
 */
export async function readStack({ frames, grid }: Stack): Promise<Volume> {
  const data = new Float32Array(voxelCount(grid));
  const pixels = grid.shape[0] * grid.shape[1];
  const slices = frames.map((frame, slice): Slice => {
    return { frame, values: data.subarray(slice * pixels, (slice + 1) * pixels) };
  });
  const files = [...groupBy(slices, ({ frame }) => frame.path)];
  const decoders = pixelDecoders();
  const buffers = Array.from({ length: MAX_FILES_IN_MEMORY }, () => new ReusableBuffer());
  await boundedMap(files, MAX_FILES_IN_MEMORY, async ([path, slicesOfFile], lane) => {
    const file = await readDicom(path, buffers[lane]);
    await readSlices(file, slicesOfFile, decoders);
  });
  return { ...grid, data };
}

async function readSlices(
  file: DicomFile,
  slices: readonly Slice[],
  decoders: PixelDecoders,
): Promise<void> {
  const { path } = file;
  const current = file.pixelData === undefined ? [] : framesOf(file);
  const readFrame = frameReader(file, decoders);
  for (const { frame, values } of slices) {
    if (!isDeepStrictEqual(frame, current[frame.frameIndex])) throw fail('file-changed', { path });
    const samples = await readFrame(frame.frameIndex, frame.format);
    decodeSamples(samples, frame, file.syntax.bigEndian === true, values);
  }
}
