import type { Volume } from '../geometry/grid.js';
import { openByteStream, readStart } from '../voxels/byte-stream.js';
import { readVoxels } from '../voxels/read-voxels.js';
import { MAX_HEADER_BYTES, type NrrdHeader, parseNrrdHeader } from './header.js';

/**
 * Reads the header of a `.nrrd` file whose voxels are attached.
 * @throws FedvoxError `folder-unreadable`, `not-nrrd`, `unusable-header`, `more-than-3d`, …
 */
export async function readNrrdHeader(path: string): Promise<NrrdHeader> {
  const stream = await openByteStream(path, { isGzip: false });
  return parseNrrdHeader(path, await readStart(path, stream, MAX_HEADER_BYTES));
}

/** Reads a volume as float32. Errors as `readNrrdHeader`, and `corrupt-file`. */
export async function readNrrd(path: string): Promise<Volume> {
  const { grid, sampleType, littleEndian, dataOffset, isGzip } = await readNrrdHeader(path);
  const encoding = { type: sampleType, littleEndian, slope: 1, intercept: 0 };
  const stream = await openByteStream(path, { start: dataOffset, isGzip });
  return readVoxels(path, stream, grid, encoding, 0);
}
