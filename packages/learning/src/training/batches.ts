import { nextTurn, type Random, shuffled } from '@fedvox/base';
import { portableVoxels, type Volume, type VoxelEngine } from '@fedvox/imaging';
import { type AugmentStep, divisorText, isMultiple, type Size, sizeText } from '@fedvox/job';
import { aboutCase } from '../about-case.js';
import { fail } from '../errors.js';
import type { TrainingCase } from './case-store.js';
import { directPreparer, type Preparer } from './preparer.js';

/** While one batch is trained on, the next is augmented and the one after it loaded. */
const BATCHES_AHEAD = 2;

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
  /** What augments, and with what; the same bits come of any. */
  readonly preparer?: Preparer;
  readonly voxels?: VoxelEngine;
}

/** Cases of one size. */
export type Batch = readonly TrainingCase[];

/**
 * One epoch: every case once, in random order, augmented anew; the last batch may be smaller. The next
 * batches are being prepared while the present one is trained on. Whoever leaves early leaves no case waiting.
 * @throws FedvoxError `learning/unequal-sizes`, `learning/size-not-divisible`
 */
export async function* epochBatches(options: BatchOptions): AsyncGenerator<Batch> {
  const { cases, batchSize, skip = 0, random } = options;
  const order = shuffled(cases, random.fork('order'));
  const starts = Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) => batch);
  const left = new AbortController();
  const upcoming = starts.slice(skip).map((batch) => batch * batchSize);
  const underWay: Promise<Batch>[] = [];
  const begin = () => {
    while (underWay.length < BATCHES_AHEAD && upcoming.length > 0) {
      const batch = preparedBatch(options, order, upcoming.shift() as number, left.signal);
      // Its failure is met when its turn comes; until then it must not count as unhandled.
      batch.catch(() => undefined);
      underWay.push(batch);
    }
  };
  try {
    begin();
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) {
      const batch = await next;
      begin();
      // A step blocks this thread: what others are to do meanwhile must have gone to them.
      await nextTurn();
      yield batch;
    }
  } finally {
    left.abort();
  }
}

async function preparedBatch(
  options: BatchOptions,
  order: readonly LoadCase[],
  start: number,
  signal: AbortSignal,
): Promise<Batch> {
  const { batchSize, augment: steps, divisor, random } = options;
  const { preparer = directPreparer, voxels = portableVoxels } = options;
  const chosen = order.slice(start, start + batchSize);
  const loaded = await Promise.all(
    chosen.map((load, index) => load({ epoch: random, index, batch: chosen.length })),
  );
  const batch = await Promise.all(
    loaded.map(({ caseId, ...item }, index) =>
      aboutCase(caseId, async () => {
        // One stream per place in the epoch, so that what one case draws cannot shift another's.
        const { seed } = random.fork(`augment/${start + index}`);
        const prepared = await preparer.prepared(item, { steps, seed, voxels, signal });
        checkDivisible(prepared.image, divisor);
        return { ...prepared, ...(caseId === undefined ? {} : { caseId }) };
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
