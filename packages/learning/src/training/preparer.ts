import { seededRandom } from '@fedvox/base';
import { augment, type Case, type VoxelEngine } from '@fedvox/imaging/transforms';
import type { AugmentStep } from '@fedvox/job';

/** A case's random steps. */
export interface Preparation {
  readonly steps: readonly AugmentStep[];
  /** Of the case's own stream: it alone decides what becomes of the case. */
  readonly seed: string;
  /** The same bits come of any. */
  readonly voxels: VoxelEngine;
  /** Of preparations that nobody wants any more; one that has begun may go on to its end. */
  readonly signal?: AbortSignal;
}

/** Augments cases, here or on other threads: the same bits come of any. */
export interface Preparer {
  /** Cases will be asked for soon, with these steps. */
  expect(steps: readonly AugmentStep[]): void;
  /**
   * The case is left as it is.
   * @throws FedvoxError `patch-too-large`
   */
  prepared<C extends Case>(source: C, preparation: Preparation): Promise<C>;
}

/** On the thread that asks. */
export const directPreparer: Preparer = {
  expect: () => undefined,
  prepared: async (source, { steps, seed, voxels }) =>
    augment(source, steps, seededRandom(seed), voxels),
};
