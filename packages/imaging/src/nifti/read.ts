import type { Volume } from '../geometry/grid.js';
import { openByteStream, readStart } from '../voxels/byte-stream.js';
import { readVoxels } from '../voxels/read-voxels.js';
import { HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from './header.js';

/**
 * Reads the header of a `.nii` or `.nii.gz` file.
 * @throws FedvoxError `folder-unreadable`, `not-nifti`, `corrupt-file`, `unusable-header`, …
 */
export async function readNiftiHeader(path: string): Promise<NiftiHeader> {
  const stream = await openByteStream(path);
  return parseNiftiHeader(path, await readStart(path, stream, HEADER_BYTES));
}

/**
 * Reads a volume as float32, scaled. Errors as `readNiftiHeader`, and `corrupt-file` when the file
 * ends too early.
 */
export async function readNifti(path: string): Promise<Volume> {
  const header = await readNiftiHeader(path);
  const stream = await openByteStream(path);
  const encoding = { ...header, type: header.sampleType };
  return readVoxels(path, stream, header.grid, encoding, header.voxelOffset);
}
