import { assert } from '@fedvox/base';
import type { LabelMap, Volume } from '../geometry/grid.js';
import { writeNifti } from '../nifti/write.js';
import { writeNrrd } from '../nrrd/write.js';

/** How the names of files end that volumes are written to. */
export const WRITTEN_ENDINGS = ['.nii.gz', '.nii', '.nrrd'] as const;

/** Whether a file's name says in which of the formats that are written it is to be. */
export function isWrittenName(path: string): boolean {
  return WRITTEN_ENDINGS.some((ending) => path.toLowerCase().endsWith(ending));
}

/** Writes a volume as its file's name says: NIfTI or NRRD. Whole or not at all, even in a crash. */
export function writeVolumeFile(path: string, volume: Volume | LabelMap): Promise<void> {
  assert(isWrittenName(path), 'a volume is written to a name of its format');
  return /\.nrrd$/i.test(path) ? writeNrrd(path, volume) : writeNifti(path, volume);
}
