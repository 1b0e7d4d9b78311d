import { fail } from '../errors.js';
import { assertUsable, type Grid, type Volume, voxelCount } from '../geometry/grid.js';
import { type ByteStream, decompressing } from './byte-stream.js';
import { type SampleEncoding, SampleSink } from './samples.js';

/** A file may end in some padding or notes; one that goes on and on was made to be a burden. */
const MAX_TRAILING_BYTES = 16 * 1024 * 1024;

/**
 * Decodes a stream piece by piece into the voxels of a grid, which are held once.
 * @param skipBytes bytes of the stream before the first voxel
 * @throws FedvoxError `corrupt-file` when the stream ends too early or does not decompress
 */
export async function readVoxels(
  path: string,
  { pieces, maxBytes }: ByteStream,
  { shape, affineRas }: Grid,
  encoding: SampleEncoding,
  skipBytes: number,
): Promise<Volume> {
  assertUsable({ shape, affineRas });
  const voxels = voxelCount({ shape, affineRas });
  const tooShort = () => fail('corrupt-file', { path, reason: 'it ends before its last voxel' });
  if (skipBytes + voxels * encoding.type.bytes > maxBytes) {
    pieces.destroy();
    throw tooShort();
  }
  const data = new Float32Array(voxels);
  const sink = new SampleSink(encoding, data);
  await decompressing(path, async () => {
    let toSkip = skipBytes;
    let trailing = 0;
    // A compressed stream is read to its end: its checksums vouch for the voxels.
    for await (const piece of pieces as AsyncIterable<Uint8Array>) {
      if (sink.isFull) trailing += piece.length;
      if (trailing > MAX_TRAILING_BYTES) {
        throw fail('corrupt-file', { path, reason: 'it goes on long after its last voxel' });
      }
      const skipped = Math.min(toSkip, piece.length);
      toSkip -= skipped;
      sink.push(piece.subarray(skipped));
    }
  });
  if (!sink.isFull) throw tooShort();
  return { shape, affineRas, data };
}
