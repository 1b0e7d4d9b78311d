import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import type { SeriesReference } from '../dicom-writer/reference.js';
import { writeDicomSeg } from '../dicom-writer/seg.js';
import { type DicomSeriesOptions, writeDicomSeries } from '../dicom-writer/series.js';
import type { LabelMap, Volume } from '../geometry/grid.js';

export const CLASSES = ['background', 'organ', 'lesion'] as const;
export const PATIENT = { patientName: 'Doe^Phantom', patientId: 'PID-phantom-SECRET' } as const;
const SHAPE = [6, 5, 8] as const;
const AFFINE_RAS = [-1.5, 0, 0, 40, 0, -1.25, 0, 30, 0, 0, 2, -60, 0, 0, 0, 1];
const CREATED_AT = new Date('2020-01-02T03:04:05Z');

export interface PhantomCase {
  readonly image: Volume;
  readonly label: LabelMap;
  readonly reference: SeriesReference;
}

/** Whole numbers that 12 bits hold, so that they come back exactly; a block of each class. */
export function phantomVolumes(seed: string): { image: Volume; label: LabelMap } {
  const random = seededRandom(seed);
  const voxels = SHAPE[0] * SHAPE[1] * SHAPE[2];
  const grid = { shape: SHAPE, affineRas: AFFINE_RAS };
  const data = Float32Array.from({ length: voxels }, () => random.below(4096));
  const label = Uint8Array.from({ length: voxels }, (_, at) =>
    at % 7 < 3 ? 1 : at % 11 === 5 ? 2 : 0,
  );
  return { image: { ...grid, data }, label: { ...grid, data: label } };
}

/** Writes `mr/IM….dcm` and `seg.dcm` into a folder. */
export async function writePhantomCase(
  folder: string,
  identity = 'case-1',
  options: Partial<DicomSeriesOptions> = {},
): Promise<PhantomCase> {
  const { image, label } = phantomVolumes(identity);
  const reference = await writeDicomSeries(join(folder, 'mr'), image, {
    ...PATIENT,
    identity,
    modality: 'MR',
    createdAt: CREATED_AT,
    slope: 1,
    intercept: 0,
    ...options,
  });
  await writePhantomSeg(join(folder, 'seg.dcm'), label, reference);
  return { image, label, reference };
}

export async function writePhantomSeg(
  path: string,
  label: LabelMap,
  reference: SeriesReference,
  labels: readonly string[] = ['Organ', 'lesion'],
): Promise<void> {
  const segments = labels.map((name, index) => ({ value: index + 1, label: name }));
  const algorithm = { type: 'MANUAL' } as const;
  const identity = labels.join('+');
  await writeDicomSeg(path, label, segments, reference, {
    identity,
    createdAt: CREATED_AT,
    algorithm,
  });
}
