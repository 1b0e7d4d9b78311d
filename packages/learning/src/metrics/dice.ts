import { assert } from '@fedvox/base';

/** Voxels of one class in one case. */
export interface Overlap {
  readonly intersection: number;
  readonly predicted: number;
  readonly reference: number;
}

/**
 * Counts, for every class, the voxels of the prediction, of the reference and of both.
 * @param prediction class index of each voxel, in the reference's voxel order
 * @returns one entry per class, background included
 */
export function overlaps(
  prediction: Uint8Array,
  reference: Uint8Array,
  classCount: number,
): Overlap[] {
  assert(prediction.length === reference.length, 'prediction and reference share one grid');
  const pairs = new Float64Array(classCount * classCount);
  for (let voxel = 0; voxel < reference.length; voxel++) {
    const pair = (reference[voxel] as number) * classCount + (prediction[voxel] as number);
    pairs[pair] = (pairs[pair] as number) + 1;
  }
  return Array.from({ length: classCount }, (_, index) => {
    let predicted = 0;
    let expected = 0;
    for (let other = 0; other < classCount; other++) {
      predicted += pairs[other * classCount + index] as number;
      expected += pairs[index * classCount + other] as number;
    }
    const intersection = pairs[index * classCount + index] as number;
    return { intersection, predicted, reference: expected };
  });
}

/**
 * Dice coefficient 2|P∩R| / (|P| + |R|). An empty reference gives NaN, as MONAI's `DiceMetric` does:
 * there is nothing to find, so its false positives are reported beside it instead.
 */
export function dice({ intersection, predicted, reference }: Overlap): number {
  return reference === 0 ? Number.NaN : (2 * intersection) / (predicted + reference);
}

/** Mean of the values that are defined; NaN where none is. */
export function meanDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
