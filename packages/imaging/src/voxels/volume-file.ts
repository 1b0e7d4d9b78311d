import { fail } from '../errors.js';
import type { Grid, Volume } from '../geometry/grid.js';
import { readNifti, readNiftiHeader } from '../nifti/read.js';
import { readNrrd, readNrrdHeader } from '../nrrd/read.js';
import { openByteStream, readStart } from './byte-stream.js';

/** What the header of a volume file says. */
export interface VolumeFileHeader {
  readonly format: 'nifti' | 'nrrd';
  readonly grid: Grid;
  readonly warnings: readonly string[];
}

/**
 * Reads the header of a file that holds one volume: NRRD if it says so, else NIfTI.
 * @throws FedvoxError `folder-unreadable`, `not-nifti`, `corrupt-file`, `unusable-header`, …
 */
export async function readVolumeFileHeader(path: string): Promise<VolumeFileHeader> {
  if (await isNrrd(path)) {
    const { grid } = await readNrrdHeader(path);
    return { format: 'nrrd', grid, warnings: [] };
  }
  const { grid, warnings } = await readNiftiHeader(path);
  return { format: 'nifti', grid, warnings };
}

/** Reads such a file as float32. Errors as `readVolumeFileHeader`, and `unusable-values`. */
export async function readVolumeFile(path: string): Promise<Volume> {
  const volume = (await isNrrd(path)) ? await readNrrd(path) : await readNifti(path);
  checkFinite(path, volume);
  return volume;
}

/** One voxel that is no number would make every normalised voxel none. */
function checkFinite(path: string, { data }: Volume): void {
  let bad = 0;
  for (let at = 0; at < data.length; at++) if (!Number.isFinite(data[at])) bad++;
  if (bad > 0) throw fail('unusable-values', { what: path, voxels: bad });
}

async function isNrrd(path: string): Promise<boolean> {
  const start = await readStart(path, await openByteStream(path, { isGzip: false }), 4);
  return Buffer.from(start.subarray(0, 4)).toString('latin1') === 'NRRD';
}
