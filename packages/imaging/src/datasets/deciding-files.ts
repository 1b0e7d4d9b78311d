import { join } from 'node:path';
import { FedvoxError } from '@fedvox/base';
import { filesUnder } from '../folder-scan/walk.js';
import { correctionFiles } from './corrected-labels.js';
import { MANIFEST_NAME, readManifest } from './msd-manifest.js';
import type { ResolvedDatasetSpec } from './spec.js';

/**
 * The files that decide what a data set consists of: all of a DICOM folder, the site's list of classes and its corrected labels; the manifest and what it lists of a
 * Decathlon folder, where voxels in files of their own decide nothing. None where they cannot be told: whoever opens
 * the data set says why.
 */
export async function decidingFiles(spec: ResolvedDatasetSpec): Promise<readonly string[]> {
  try {
    const files =
      spec.kind === 'dicom' ? await filesUnder(spec.path) : await listedFiles(spec.path);
    const { caseClasses, corrections } = spec;
    return [
      ...files,
      ...(caseClasses !== undefined && 'file' in caseClasses ? [caseClasses.file] : []),
      ...(await correctionFiles(corrections)),
    ];
  } catch (error) {
    if (!(error instanceof FedvoxError)) throw error;
    return [];
  }
}

async function listedFiles(folder: string): Promise<string[]> {
  const { training } = await readManifest(folder);
  const listed = training.flatMap(({ image, label }) =>
    label === undefined ? image : [image, label],
  );
  return [MANIFEST_NAME, ...listed].map((file) => join(folder, file));
}
