import { type Random, shuffled } from '@fedvox/base';
import { augment, portableVoxels, type VoxelEngine } from '@fedvox/imaging';
import type { AugmentStep } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { fail } from '../errors.js';
import type { TrainingCase } from './case-store.js';

/** Loads a case; asked again every epoch. */
export type LoadCase = () => Promise<TrainingCase>;

export interface BatchOptions {
  readonly cases: readonly LoadCase[];
  readonly batchSize: number;
  readonly augment: readonly AugmentStep[];
  /** The size along every axis must be a multiple of it. */
  readonly divisor: number;
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
  const { cases, batchSize, random } = options;
  const order = shuffled(cases, random.fork('order'));
  let upcoming = loadBatch(options, order, 0);
  for (let start = 0; start < order.length; start += batchSize) {
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
  const loaded = await Promise.all(chosen.map((load) => load()));
  // One stream per place in the epoch, so that what one case draws cannot shift another's.
  const batch = await Promise.all(
    loaded.map(({ caseId, ...item }, index) =>
      aboutCase(caseId, () => ({
        ...augment(item, steps, random.fork(`augment/${start + index}`), voxels),
        ...(caseId === undefined ? {} : { caseId }),
      })),
    ),
  );
  checkSizes(batch, divisor);
  return batch;
}

function checkSizes(batch: Batch, divisor: number): void {
  const sizes = [...new Set(batch.map(({ image }) => image.shape.join('×')))];
  if (sizes.length > 1) throw fail('unequal-sizes', { sizes: sizes.join(' and ') });
  const first = batch[0];
  if (first?.image.shape.some((size) => size % divisor !== 0)) {
    throw fail('size-not-divisible', { size: sizes.join(), divisor });
  }
}
