import { type Random, shuffled } from '@fedvox/base';
import { augment, portableVoxels, type Volume, type VoxelEngine } from '@fedvox/imaging';
import { type AugmentStep, divisorText, isMultiple, type Size, sizeText } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { fail } from '../errors.js';
import type { TrainingCase } from './case-store.js';

/** For what an epoch is asked for a case. */
export interface EpochPlace {
  /** The epoch's own stream. */
  readonly epoch: Random;
  /** Of its batch, from 0. */
  readonly index: number;
  /** How many cases the batch has. */
  readonly batch: number;
}

/** Loads a case, or a patch of one; asked again every epoch. */
export type LoadCase = (place: EpochPlace) => Promise<TrainingCase>;

export interface BatchOptions {
  readonly cases: readonly LoadCase[];
  readonly batchSize: number;
  /** So many batches at the beginning were trained on before. */
  readonly skip?: number;
  readonly augment: readonly AugmentStep[];
  /** The size along each axis must be a multiple of it. */
  readonly divisor: Size;
  /** Of this epoch alone: it decides the order and every augmentation. */
  readonly random: Random;
  /** What augments; the same bits come of any. */
  readonly voxels?: VoxelEngine;
}

/** Cases of one size. */
export type Batch = readonly TrainingCase[];

/**
 * One epoch: every case once, in random order, augmented anew; the last batch may be smaller. The next
 * batch is being loaded while the present one is trained on.
 * @throws FedvoxError `learning/unequal-sizes`, `learning/size-not-divisible`
 */
export async function* epochBatches(options: BatchOptions): AsyncGenerator<Batch> {
  const { cases, batchSize, skip = 0, random } = options;
  const order = shuffled(cases, random.fork('order'));
  const first = skip * batchSize;
  let upcoming = loadBatch(options, order, first);
  for (let start = first; start < order.length; start += batchSize) {
    const batch = await upcoming;
    upcoming = loadBatch(options, order, start + batchSize);
    // Its failure is met when its turn comes; until then it must not count as unhandled.
    upcoming.catch(() => undefined);
    yield batch;
  }
}

async function loadBatch(
  { batchSize, augment: steps, divisor, random, voxels = portableVoxels }: BatchOptions,
  order: readonly LoadCase[],
  start: number,
): Promise<Batch> {
  const chosen = order.slice(start, start + batchSize);
  const loaded = await Promise.all(
    chosen.map((load, index) => load({ epoch: random, index, batch: chosen.length })),
  );
  // One stream per place in the epoch, so that what one case draws cannot shift another's.
  const batch = await Promise.all(
    loaded.map(({ caseId, ...item }, index) =>
      aboutCase(caseId, () => {
        const augmented = augment(item, steps, random.fork(`augment/${start + index}`), voxels);
        checkDivisible(augmented.image, divisor);
        return { ...augmented, ...(caseId === undefined ? {} : { caseId }) };
      }),
    ),
  );
  checkEqualSizes(batch);
  return batch;
}

function checkDivisible({ shape }: Volume, divisor: Size): void {
  if (isMultiple(shape, divisor)) return;
  throw fail('size-not-divisible', { size: sizeText(shape), divisor: divisorText(divisor) });
}

/** The error names one case of each size. */
function checkEqualSizes(batch: Batch): void {
  const caseBySize = new Map(batch.map(({ image, caseId }) => [sizeText(image.shape), caseId]));
  if (caseBySize.size <= 1) return;
  const sizes = [...caseBySize].map(([size, caseId]) =>
    caseId === undefined ? size : `${size} (case ${caseId})`,
  );
  throw fail('unequal-sizes', { sizes: sizes.join(' and ') });
}
