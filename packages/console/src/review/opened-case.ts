import { join } from 'node:path';
import {
  type CaseRef,
  contentKey,
  type DatasetSpec,
  type LabelMap,
  type Plane,
  paintOf,
  patientView,
  type Reader,
  type Scan,
  spacingMm,
} from '@fedvox/imaging';
import { type FoundReview, type ReviewCase, readPrediction } from '@fedvox/learning/reviews';
import { fail } from '../errors.js';
import { type CaseVoxels, disagreement, windowsOf } from './case-view.js';
import type { OpenedCase } from './review-contract.js';

const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

/** A case in memory, and where it came from. */
export interface LoadedCase {
  readonly review: FoundReview;
  readonly reviewCase: ReviewCase;
  readonly ref: CaseRef;
  readonly voxels: CaseVoxels;
  readonly about: Omit<OpenedCase, 'index' | 'said' | 'drawing' | 'uncorrectable'>;
}

export interface ReviewedData {
  readonly reader: Reader;
  /** Where reviews lie. */
  readonly folder: string;
  /** Where the headers of DICOM files are kept from one opening to the next. */
  readonly indexPath: string;
  /** As the site reads its data now: what was corrected since counts. */
  readonly dataset: DatasetSpec;
}

/**
 * Reads a case of a review. Pixels are decoded on the reader's thread; what was drawn is on their grid.
 * @throws FedvoxError `console/case-gone`, `learning/review-unreadable`, and whatever is wrong with scan or label
 */
export async function loadReviewCase(
  review: FoundReview,
  reviewCase: ReviewCase,
  source: ReviewedData,
): Promise<LoadedCase> {
  const { reader, folder } = source;
  const { classes } = review.record;
  const ref = await caseRefOf(review, reviewCase, source);
  const { image, label, modality = ref.modality } = await reader.readCase(ref, classes);
  if (label === undefined)
    throw fail('case-gone', { caseId: ref.caseId, reason: 'it has no label' });
  const scan = compacted(image);
  const prediction = await readPrediction(join(folder, review.id), reviewCase.prediction, scan);
  const voxels = { scan, label, prediction, modality };
  const layoutOf = (plane: Plane) => [plane, patientView(scan, plane)] as const;
  return {
    ...{ review, reviewCase, ref, voxels },
    about: {
      ...{ caseId: ref.caseId, what: whatOf(ref), modality: modality ?? null },
      ...{ shape: scan.shape, spacingMm: spacingMm(scan) },
      planes: Object.fromEntries(PLANES.map(layoutOf)) as OpenedCase['planes'],
      start: disagreement(scan, label.data, prediction.data),
      windows: windowsOf(voxels),
      colours: classes.slice(1).map((_, index) => paintOf(index + 1, FLAT)),
      isChanged: (await contentKey(ref)) !== reviewCase.contentKey,
    },
  };
}

/**
 * The same case with its label as it was corrected and read back: the scan is not read a second time, which would have two of them in
 * memory.
 */
export async function correctedCase(
  loaded: LoadedCase,
  ref: CaseRef,
  label: LabelMap,
): Promise<LoadedCase> {
  const { reviewCase, voxels, about } = loaded;
  return {
    ...{ ...loaded, ref, voxels: { ...voxels, label } },
    about: {
      ...about,
      start: disagreement(voxels.scan, label.data, voxels.prediction.data),
      isChanged: (await contentKey(ref)) !== reviewCase.contentKey,
    },
  };
}

/** Where a person finds it among the site's data. */
function whatOf({ source }: CaseRef): string {
  return source.kind === 'dicom' ? source.what : source.imagePath;
}

/** A pixel in which no pattern has a line. */
const FLAT = { x: 7, y: 7 };

export async function caseRefOf(
  { record: { classes } }: FoundReview,
  { caseId }: ReviewCase,
  { reader, dataset, indexPath }: ReviewedData,
): Promise<CaseRef> {
  const { cases, refused } = await reader.openDataset(dataset, classes, { indexPath });
  const ref = cases.find((each) => each.caseId === caseId);
  if (ref !== undefined) return ref;
  const told = refused.find(({ what }) => what.includes(caseId));
  const reason = told?.reason ?? 'it is no longer there, or no longer usable';
  throw fail('case-gone', { caseId, reason });
}

/** Whole numbers of 16 bits as such: the same values in half the memory. */
function compacted(scan: Scan): Scan {
  if ('stored' in scan) return scan;
  const { data, shape, affineRas } = scan;
  const stored = new Int16Array(data.length);
  for (let at = 0; at < data.length; at++) {
    stored[at] = data[at] as number;
    if (stored[at] !== data[at]) return scan;
  }
  return { shape, affineRas, stored, gain: 1, offset: 0 };
}
