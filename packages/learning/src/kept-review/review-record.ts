import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, readStored, type StoredFormat } from '@fedvox/base';
import { type DatasetSpec, datasetSpecSchema } from '@fedvox/imaging';
import { z } from 'zod';
import { fail } from '../errors.js';

/** Of each review, in its folder, written last: where it is, the predictions that it names are. */
export const REVIEW_FILE = 'review.json';

const figure = z.number().nullable();
const reviewClassSchema = z.object({
  name: z.string(),
  /** Null where the case does not have the class. */
  dice: figure,
  /** 95 % Hausdorff distance; null where the class is not there or was not found. */
  hd95Mm: figure,
  surfaceDice: figure,
  volumeError: figure,
  referenceMl: z.number(),
  predictedMl: z.number(),
});

const reviewCaseSchema = z.object({
  /** As the data set calls it. */
  caseId: z.string(),
  /** Of scan and label as they were measured: another label has another one. */
  contentKey: z.string(),
  /** Mean over the classes that the case has; null where it has none. */
  dice: figure,
  perClass: z.array(reviewClassSchema),
  /** The label map, on the scan's own grid, as a file of the review's folder. */
  prediction: z.string().regex(/^\d+\.nii\.gz$/),
});

const reviewSchema = z.object({
  atMs: z.number().int().nonnegative(),
  /** The model's file, as it was called then, and what it held. */
  model: z.string(),
  modelSha256: z.string(),
  job: z.string(),
  classes: z.array(z.string()),
  split: z.enum(['all', 'validation', 'unseen']),
  /** Where the cases lie and how their labels are named. */
  dataset: z.custom<DatasetSpec>((value) => datasetSpecSchema.safeParse(value).success),
  cases: z.array(reviewCaseSchema),
});

/** What a model drew of one case and how far that agrees with its label. It stays on the site. */
export type ReviewCase = z.output<typeof reviewCaseSchema>;
export type ReviewClass = z.output<typeof reviewClassSchema>;
/** A model on labelled cases, for people to look at. */
export type ReviewRecord = z.output<typeof reviewSchema>;

export const REVIEW: StoredFormat<ReviewRecord> = { schema: reviewSchema, migrations: [] };

/** A review, and the name of its folder. */
export interface FoundReview {
  readonly id: string;
  readonly record: ReviewRecord;
}

/**
 * The reviews of a folder, the newest first. Of one that is being written nothing is seen.
 * @throws FedvoxError `learning/review-unreadable`
 */
export async function findReviews(folder: string): Promise<readonly FoundReview[]> {
  const found: FoundReview[] = [];
  for (const id of await namesIn(folder)) {
    const record = await readReview(folder, id);
    if (record !== undefined) found.push({ id, record });
  }
  return found.sort((a, b) => b.record.atMs - a.record.atMs);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => REVIEW_ID.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const REVIEW_ID = /^[0-9a-f]{16}$/;

async function readReview(folder: string, id: string): Promise<ReviewRecord | undefined> {
  const path = join(folder, id, REVIEW_FILE);
  try {
    const reading = readStored(await readFile(path, 'utf8'), REVIEW);
    if (reading.kind === 'read') return reading.value;
    const reason = reading.kind === 'damaged' ? reading.reason : 'a newer Fedvox wrote it';
    throw fail('review-unreadable', { path, reason });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(cause as NodeJS.ErrnoException).syscall) throw cause;
    throw fail('review-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}
