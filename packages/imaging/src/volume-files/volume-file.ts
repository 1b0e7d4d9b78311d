import { fail } from '../errors.js';
import { type Grid, MAX_MAGNITUDE, type Volume } from '../geometry/grid.js';
import { shearDegrees } from '../geometry/shear.js';
import type { NiftiWarning } from '../nifti/header.js';
import { readNifti, readNiftiHeader } from '../nifti/read.js';
import { nrrdDataPath, readNrrd, readNrrdHeader } from '../nrrd/read.js';
import { openByteStream, readStart } from '../voxels/byte-stream.js';

/** What the header of a volume file says. */
export interface VolumeFileHeader {
  readonly format: 'nifti' | 'nrrd';
  readonly grid: Grid;
  readonly warnings: readonly NiftiWarning[];
  /** Two things that it says of its geometry, of which one was believed. */
  readonly conflict?: string;
  /** The file of its voxels, where they are not behind the header. */
  readonly dataPath?: string;
}

/** What is done with axes that are not at right angles: an error, or they are kept as they are. */
export type ShearPolicy = 'refuse' | 'keep';

const VOLUME_NAME = /\.(nii|nii\.gz|nrrd|nhdr)$/i;

/** Whether a file's name says that it holds a volume. */
export function isVolumeName(path: string): boolean {
  return VOLUME_NAME.test(path);
}

/** A file's name without what says so. */
export function withoutVolumeEnding(name: string): string {
  return name.replace(VOLUME_NAME, '');
}

/**
 * Reads the header of a file that holds one volume: NRRD if it says so, else NIfTI.
 * @throws FedvoxError `folder-unreadable`, `not-nifti`, `corrupt-file`, `unusable-header`, `sheared`, …
 */
export async function readVolumeFileHeader(
  path: string,
  shear: ShearPolicy = 'refuse',
): Promise<VolumeFileHeader> {
  const header = (await isNrrd(path)) ? await nrrdHeader(path) : await niftiHeader(path);
  if (shear === 'refuse') checkRectangular(path, header.grid);
  return header;
}

/** Reads such a file as float32. Errors as `readVolumeFileHeader`, and `unusable-values`. */
export async function readVolumeFile(path: string, shear: ShearPolicy = 'refuse'): Promise<Volume> {
  const volume = (await isNrrd(path)) ? await readNrrd(path) : await readNifti(path);
  if (shear === 'refuse') checkRectangular(path, volume);
  checkUsable(path, volume);
  return volume;
}

async function nrrdHeader(path: string): Promise<VolumeFileHeader> {
  const header = await readNrrdHeader(path);
  const dataPath = nrrdDataPath(path, header);
  const detached = dataPath === path ? {} : { dataPath };
  return { format: 'nrrd', grid: header.grid, warnings: [], ...detached };
}

async function niftiHeader(path: string): Promise<VolumeFileHeader> {
  const { grid, warnings, conflict } = await readNiftiHeader(path);
  return { format: 'nifti', grid, warnings, ...(conflict === undefined ? {} : { conflict }) };
}

function checkRectangular(path: string, grid: Grid): void {
  const degrees = shearDegrees(grid);
  if (degrees > 0) throw fail('sheared', { path, degrees: degrees.toFixed(1) });
}

/** One voxel that is no number would make every normalised voxel none; an enormous one, all others equal. */
function checkUsable(path: string, { data, shape: [nx, ny] }: Volume): void {
  let bad = 0;
  let first = -1;
  for (let at = 0; at < data.length; at++) {
    if (Math.abs(data[at] as number) <= MAX_MAGNITUDE) continue;
    if (bad++ === 0) first = at;
  }
  if (bad === 0) return;
  const where = [first % nx, Math.floor(first / nx) % ny, Math.floor(first / (nx * ny))].join(', ');
  throw fail('unusable-values', { what: path, voxels: bad, value: String(data[first]), where });
}

async function isNrrd(path: string): Promise<boolean> {
  const start = await readStart(path, await openByteStream(path, { isGzip: false }), 4);
  return Buffer.from(start.subarray(0, 4)).toString('latin1') === 'NRRD';
}
