import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors.js';
import { type Volume, voxelCount } from '../geometry/grid.js';
import { openByteStream, readStart } from '../voxels/byte-stream.js';
import { readVoxels } from '../voxels/read-voxels.js';
import { MAX_HEADER_BYTES, type NrrdHeader, parseNrrdHeader } from './header.js';

/** Lines are looked for in this much of a file. */
const MAX_LINES_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * Reads the header of a `.nrrd` file, or of a `.nhdr` file whose voxels are in another.
 * @throws FedvoxError `folder-unreadable`, `not-nrrd`, `unusable-header`, `planar`, `more-than-3d`, …
 */
export async function readNrrdHeader(path: string): Promise<NrrdHeader> {
  const stream = await openByteStream(path, { isGzip: false });
  return parseNrrdHeader(path, await readStart(path, stream, MAX_HEADER_BYTES));
}

/** The file that holds the voxels: the header's own, or the one that it names. */
export function nrrdDataPath(path: string, { data }: NrrdHeader): string {
  return data.file === undefined ? path : join(dirname(path), data.file);
}

/** Reads a volume as float32. Errors as `readNrrdHeader`, and `corrupt-file`. */
export async function readNrrd(path: string): Promise<Volume> {
  const header = await readNrrdHeader(path);
  const { grid, sampleType, littleEndian, isGzip, data } = header;
  const dataPath = nrrdDataPath(path, header);
  const encoding = { type: sampleType, littleEndian, slope: 1, intercept: 0 };
  const voxelBytes = voxelCount(grid) * sampleType.bytes;
  const start =
    data.byteSkip === -1
      ? await lastBytes(dataPath, voxelBytes)
      : await afterLines(dataPath, data.offset, data.lineSkip);
  const stream = await openByteStream(dataPath, { start, isGzip });
  return readVoxels(dataPath, stream, grid, encoding, Math.max(0, data.byteSkip));
}

async function lastBytes(path: string, byteCount: number): Promise<number> {
  const { size } = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw fail('folder-unreadable', { path, reason: cause.code ?? 'unknown' }, { cause });
  });
  if (size < byteCount)
    throw fail('corrupt-file', { path, reason: 'it ends before its last voxel' });
  return size - byteCount;
}

/** The byte behind so many lines from `start`. */
async function afterLines(path: string, start: number, lines: number): Promise<number> {
  if (lines === 0) return start;
  const stream = await openByteStream(path, { start, isGzip: false });
  const bytes = await readStart(path, stream, MAX_LINES_BYTES);
  let at = 0;
  for (let line = 0; line < lines; line++) {
    at = bytes.indexOf(LINE_FEED, at) + 1;
    if (at === 0) throw fail('corrupt-file', { path, reason: 'it has fewer lines than it skips' });
  }
  return start + at;
}
