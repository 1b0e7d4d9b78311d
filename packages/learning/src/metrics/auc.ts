import { assert } from '@fedvox/base';

/**
 * Area under the ROC curve as the rank statistic of Mann and Whitney: the part of all pairs of one
 * positive and one negative in which the positive scores higher, ties counted half. Exact.
 * @returns NaN where there is only one class: 0.5 would claim that something was measured
 */
export function areaUnderCurve(positives: readonly number[], negatives: readonly number[]): number {
  const sorted = Float64Array.from(negatives).sort();
  let pairs = 0;
  for (const score of positives) {
    const below = countBelow(sorted, score, false);
    const belowOrEqual = countBelow(sorted, score, true);
    pairs += (below + belowOrEqual) / 2;
  }
  return pairs / (positives.length * negatives.length);
}

/** How many of the ascending values are below the limit, or equal to it where `inclusive`. */
function countBelow(sorted: Float64Array, limit: number, inclusive: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle] as number;
    if (value < limit || (inclusive && value === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mantissa bits of a float32 that a bin ignores; 11 of its 23 remain, 0.05 % of the score. */
const IGNORED_BITS = 12;
const BITS_OF_HALF = 0x3f000000 >>> IGNORED_BITS;
const BIN_COUNT = 2 * BITS_OF_HALF + 2;

/**
 * The same statistic over any number of voxels in constant memory (8 MiB): probabilities are counted
 * in bins that grow finer towards 0 and towards 1, where a trained network's scores crowd.
 *
 * Pairs that share a bin count as ties, so the result is off by at most half of their share of all
 * pairs. That bound is computed from the counts themselves and returned with the value.
 */
export class VoxelAuc {
  // Whole numbers up to 2⁵³: 58 CTs have more voxels than 32 bits can count, most of them in one bin.
  readonly #positives = new Float64Array(BIN_COUNT);
  readonly #negatives = new Float64Array(BIN_COUNT);
  readonly #float = new Float32Array(1);
  readonly #bits = new Uint32Array(this.#float.buffer);

  /**
   * @param scores predicted probability of each voxel, in [0, 1]
   * @param truth whether each voxel belongs to the classes asked about
   * @param times how many voxels each of them stands for
   */
  add(scores: Float32Array, truth: (voxel: number) => boolean, times = 1): void {
    for (let voxel = 0; voxel < scores.length; voxel++) {
      const counts = truth(voxel) ? this.#positives : this.#negatives;
      const bin = this.#binOf(scores[voxel] as number);
      counts[bin] = (counts[bin] as number) + times;
    }
  }

  /** NaN where only one class was seen. */
  result(): { readonly auc: number; readonly errorBound: number } {
    let negativesBelow = 0;
    let positives = 0;
    let pairs = 0;
    let tied = 0;
    for (let bin = 0; bin < BIN_COUNT; bin++) {
      const positive = this.#positives[bin] as number;
      const negative = this.#negatives[bin] as number;
      pairs += positive * (negativesBelow + negative / 2);
      tied += positive * negative;
      positives += positive;
      negativesBelow += negative;
    }
    const all = positives * negativesBelow;
    return { auc: pairs / all, errorBound: tied / 2 / all };
  }

  /** Ascending in the score: the float's leading bits below ½, those of its complement above. */
  #binOf(score: number): number {
    assert(score >= 0 && score <= 1, 'a probability lies in [0, 1]');
    const upper = score > 0.5;
    this.#float[0] = upper ? 1 - score : score;
    const bin = (this.#bits[0] as number) >>> IGNORED_BITS;
    return upper ? BIN_COUNT - 1 - bin : bin;
  }
}
