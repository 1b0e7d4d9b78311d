import { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import { type Volume, voxelCount } from '../geometry/grid.js';
import { type ByteStream, openByteStream } from './byte-stream.js';
import { HEADER_BYTES, type NiftiHeader, type NiftiWarning, parseNiftiHeader } from './header.js';
import { SampleSink } from './samples.js';

export interface NiftiVolume extends Volume {
  readonly warnings: readonly NiftiWarning[];
}

/**
 * Reads the header of a `.nii` or `.nii.gz` file.
 * @throws FedvoxError `folder-unreadable`, `not-nifti`, `corrupt-file`, `unusable-header`, …
 */
export async function readNiftiHeader(path: string): Promise<NiftiHeader> {
  const { pieces } = await openByteStream(path);
  return guarded(path, async () => {
    let head: Uint8Array = new Uint8Array(0);
    for await (const piece of pieces) {
      head = Buffer.concat([head, piece as Uint8Array]);
      if (head.length >= HEADER_BYTES) break;
    }
    return parseNiftiHeader(path, head);
  });
}

/**
 * Reads a volume as float32, scaled. The file is decoded piece by piece into the voxels, which are
 * held once. Errors as `readNiftiHeader`, and `corrupt-file` when it ends too early.
 */
export async function readNifti(path: string): Promise<NiftiVolume> {
  const header = await readNiftiHeader(path);
  const stream = await openByteStream(path);
  return guarded(path, () => readVoxels(path, header, stream));
}

async function readVoxels(
  path: string,
  header: NiftiHeader,
  { pieces, maxBytes }: ByteStream,
): Promise<NiftiVolume> {
  const { grid, sampleType, warnings, voxelOffset } = header;
  const voxels = voxelCount(grid);
  const tooShort = () => fail('corrupt-file', { path, reason: 'it ends before its last voxel' });
  if (voxelOffset + voxels * sampleType.bytes > maxBytes) {
    pieces.destroy();
    throw tooShort();
  }
  const data = new Float32Array(voxels);
  const sink = new SampleSink({ ...header, type: sampleType }, data);
  let toSkip = voxelOffset;
  for await (const piece of pieces as AsyncIterable<Uint8Array>) {
    const skipped = Math.min(toSkip, piece.length);
    toSkip -= skipped;
    sink.push(piece.subarray(skipped));
    // The rest of a compressed stream is still read: its checksums vouch for the voxels.
  }
  if (!sink.isFull) throw tooShort();
  return { ...grid, data, warnings };
}

async function guarded<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof FedvoxError) throw cause;
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw fail('corrupt-file', { path, reason: `it does not decompress (${code})` }, { cause });
  }
}
