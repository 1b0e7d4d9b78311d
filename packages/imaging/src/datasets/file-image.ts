import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import type { Grid } from '../geometry/grid.js';
import { shearDegrees } from '../geometry/shear.js';
import { rectangularGrid } from '../transforms/resample.js';
import { readVolumeFileHeader, type VolumeFileHeader } from '../volume-files/volume-file.js';
import type { FileSource } from './case-ref.js';
import type { ResolvedDatasetSpec } from './spec.js';

/** An image file as the source of a case. */
export interface FileImage {
  readonly format: VolumeFileHeader['format'];
  readonly source: FileSource;
  /** Rectangular; `storedGrid` may be sheared. */
  readonly grid: Grid;
  readonly storedGrid: Grid;
  /** What it is read in spite of. */
  readonly warnings: readonly FedvoxError[];
  /** `conflicting-geometry`, where its header says two things and one of them is believed. */
  readonly conflict?: FedvoxError;
}

/** What a site says of its image files. */
export type FileRules = Partial<
  Pick<Extract<ResolvedDatasetSpec, { kind: 'msd' }>, 'gantryTilt' | 'conflictingGeometry'>
>;

/**
 * Reads the header of an image file.
 * @throws FedvoxError as `readVolumeFileHeader`; `sheared` unless it is to be resampled,
 *   `conflicting-geometry` where that is to be refused
 */
export async function fileImage(
  imagePath: string,
  { gantryTilt = 'refuse', conflictingGeometry = 'use-sform' }: FileRules = {},
): Promise<FileImage> {
  const shear = gantryTilt === 'resample' ? 'keep' : 'refuse';
  const header = await readVolumeFileHeader(imagePath, shear);
  const { format, grid, warnings, dataPath } = header;
  const conflict =
    header.conflict === undefined
      ? undefined
      : fail('conflicting-geometry', { path: imagePath, reason: header.conflict });
  if (conflict !== undefined && conflictingGeometry === 'refuse') throw conflict;
  const isSheared = shearDegrees(grid) > 0;
  return {
    format,
    source: {
      kind: 'file',
      imagePath,
      ...(isSheared ? { shearedGrid: grid } : {}),
      ...(dataPath === undefined ? {} : { dataPaths: [dataPath] }),
    },
    grid: isSheared ? rectangularGrid(grid) : grid,
    storedGrid: grid,
    warnings: warnings.map((warning) => fail(warning, { path: imagePath })),
    ...(conflict === undefined ? {} : { conflict }),
  };
}
