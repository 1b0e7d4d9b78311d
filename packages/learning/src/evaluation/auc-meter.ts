import { type LabelMap, type Volume, type VoxelEngine, volumeToGrid } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import { areaUnderCurve, VoxelAuc } from '../metrics/auc.js';

/** Collects what an AUC needs, case by case. */
export interface AucMeter {
  /**
   * @param probabilities one volume per class, on the network's grid
   * @param label the truth, on the scan's own grid
   */
  add(probabilities: readonly Volume[], label: LabelMap): void;
  /** NaN where only one kind of truth was seen. */
  auc(): number;
}

/** The AUC a job declares: whether a case, or a voxel, belongs to any of the classes it names. */
export function createAucMeter(
  { classes, evaluation }: Pick<Job, 'classes' | 'evaluation'>,
  voxels: VoxelEngine,
): AucMeter {
  const { level, classes: names } = evaluation.auc;
  const wanted = new Set(names.map((name) => classes.indexOf(name)));
  return level === 'case' ? caseMeter(wanted) : voxelMeter(wanted, voxels);
}

/** A case's truth is whether it has any such voxel; its score is the highest probability of one. */
function caseMeter(wanted: ReadonlySet<number>): AucMeter {
  const positives: number[] = [];
  const negatives: number[] = [];
  return {
    add(probabilities, label) {
      const { data } = anyOf(probabilities, wanted);
      const highest = data.reduce((most, value) => Math.max(most, value), 0);
      const isPresent = label.data.some((value) => wanted.has(value));
      (isPresent ? positives : negatives).push(highest);
    },
    auc: () => areaUnderCurve(positives, negatives),
  };
}

/** Over all voxels of all cases, each on its scan's own grid. */
function voxelMeter(wanted: ReadonlySet<number>, engine: VoxelEngine): AucMeter {
  const voxels = new VoxelAuc();
  return {
    add(probabilities, label) {
      const { data } = volumeToGrid(anyOf(probabilities, wanted), label, engine);
      voxels.add(data.map(toProbability), (voxel) => wanted.has(label.data[voxel] as number));
    },
    auc: () => voxels.result().auc,
  };
}

/** The probability that a voxel belongs to any of the classes. */
function anyOf(probabilities: readonly Volume[], wanted: ReadonlySet<number>): Volume {
  const chosen = probabilities.filter((_, index) => wanted.has(index));
  const { shape, affineRas, data: first } = chosen[0] as Volume;
  const data = Float32Array.from(first);
  for (const { data: other } of chosen.slice(1)) {
    for (let voxel = 0; voxel < data.length; voxel++) {
      data[voxel] = (data[voxel] as number) + (other[voxel] as number);
    }
  }
  return { shape, affineRas, data };
}

/** Sums and interpolation of float32 leave the interval by a rounding. */
function toProbability(value: number): number {
  return Math.min(1, Math.max(0, value));
}
