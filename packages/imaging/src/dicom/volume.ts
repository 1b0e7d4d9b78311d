import { fail } from '../errors.js';
import { type Volume, voxelCount } from '../geometry/grid.js';
import { distance } from '../geometry/vector.js';
import { groupBy } from '../group-by.js';
import { pixelDecoders } from './codecs/decoders.js';
import { type Frame, framesOf } from './frame.js';
import { type DicomFile, readDicom } from './part10.js';
import { frameReader } from './pixels.js';
import { decodeSamples } from './samples.js';
import type { Stack } from './stack.js';

/**
 * Reads the pixels of a stack, one file in memory at a time. Each file is checked to be the one whose
 * header made the stack.
 * @throws FedvoxError `file-changed`, `unsupported-transfer-syntax`, `corrupt-file`, …
 */
export async function readStack({ frames, grid }: Stack): Promise<Volume> {
  const data = new Float32Array(voxelCount(grid));
  const decoders = pixelDecoders();
  const voxelsPerSlice = grid.shape[0] * grid.shape[1];
  const slices = frames.map((frame, slice) => ({ frame, slice }));
  for (const [path, slicesOfFile] of groupBy(slices, ({ frame }) => frame.path)) {
    const file = await readDicom(path);
    const current = currentFrames(file);
    const readFrame = frameReader(file, decoders);
    for (const { slice, frame } of slicesOfFile) {
      if (!isSameFrame(frame, current[frame.frameIndex])) throw fail('file-changed', { path });
      const values = data.subarray(slice * voxelsPerSlice, (slice + 1) * voxelsPerSlice);
      const bigEndian = file.syntax.bigEndian === true;
      const samples = await readFrame(frame.frameIndex, frame.format);
      decodeSamples(samples, frame, bigEndian, values);
    }
  }
  return { ...grid, data };
}

function currentFrames(file: DicomFile): readonly Frame[] {
  return file.pixelData === undefined ? [] : framesOf(file);
}

function isSameFrame(seen: Frame, now: Frame | undefined): boolean {
  return (
    now !== undefined &&
    now.sopInstanceUid === seen.sopInstanceUid &&
    now.format.rows === seen.format.rows &&
    now.format.columns === seen.format.columns &&
    now.format.bitsAllocated === seen.format.bitsAllocated &&
    now.slope === seen.slope &&
    now.intercept === seen.intercept &&
    distance(now.positionLps, seen.positionLps) === 0
  );
}
