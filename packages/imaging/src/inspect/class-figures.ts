import { assert } from '@fedvox/base';
import { type LabelMap, voxelMl } from '../geometry/grid.js';
import type { LabelReport, PredictedClass } from './report.js';

/** How much of each foreground class a label holds. */
export function labelFigures(label: LabelMap, classes: readonly string[]): LabelReport[] {
  const voxels = countByClass(label.data);
  const mlPerVoxel = voxelMl(label);
  return classes
    .map((name, index) => ({ name, voxels: voxels[index] as number }))
    .slice(1)
    .map((each) => ({ ...each, ml: each.voxels * mlPerVoxel }));
}

/**
 * The same of a prediction, with the Dice coefficient 2|P∩R| / (|P| + |R|) of each class that the
 * label has any of: where there is nothing to find, its false positives are what counts. Classes that
 * neither has are left out.
 */
export function predictionFigures(
  prediction: LabelMap,
  classes: readonly string[],
  label: LabelMap | undefined,
): PredictedClass[] {
  assert(
    label === undefined || label.data.length === prediction.data.length,
    'prediction and label share one grid',
  );
  const truth = countByClass(label?.data ?? new Uint8Array());
  const both = countByClass(
    prediction.data.filter((classIndex, at) => label?.data[at] === classIndex),
  );
  return labelFigures(prediction, classes).flatMap((each, at) => {
    const [drawn, agreed] = [truth[at + 1], both[at + 1]] as [number, number];
    if (each.voxels + drawn === 0) return [];
    return drawn === 0 ? [each] : [{ ...each, dice: (2 * agreed) / (each.voxels + drawn) }];
  });
}

/** Voxels of each class index. */
export function countByClass(data: Uint8Array): number[] {
  const voxels = new Array<number>(256).fill(0);
  for (let at = 0; at < data.length; at++) voxels[data[at] as number]!++;
  return voxels;
}
