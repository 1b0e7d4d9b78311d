import type { Random } from '@fedvox/base';
import type { LabelMap, Volume } from '@fedvox/imaging';
import { type Job, type JobInput, jobSchema } from '@fedvox/job';

/** Small synthetic cases and a job for them, for the tests of this package only. */

/** Of scans that have a lesion or none. */
const SCAN_SIZE = 16;
const AFFINE = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** A bright ball of 1.5 to 3 voxels in noise, somewhere in a cube of so many voxels along an axis. */
export function ballCase(random: Random, size = 8): { image: Volume; label: LabelMap } {
  const radius = 1.5 + 1.5 * random.uniform();
  const centre = [0, 1, 2].map(() => 2 + (size - 4) * random.uniform());
  const image = new Float32Array(size ** 3);
  const label = new Uint8Array(size ** 3);
  for (let voxel = 0; voxel < image.length; voxel++) {
    const position = [voxel % size, Math.floor(voxel / size) % size, Math.floor(voxel / size ** 2)];
    const distance = Math.hypot(...position.map((at, axis) => at - (centre[axis] as number)));
    label[voxel] = distance <= radius ? 1 : 0;
    image[voxel] = (label[voxel] as number) * 2 + 0.3 * random.normal();
  }
  const grid = { shape: [size, size, size] as const, affineRas: AFFINE };
  return { image: { ...grid, data: image }, label: { ...grid, data: label } };
}

export function ballJob(changes: Partial<JobInput> = {}): Job {
  return jobSchema.parse({
    name: 'balls',
    classes: ['background', 'ball'],
    preprocess: [{ kind: 'orient' }],
    network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
    training: { batchSize: 2, optimizer: { kind: 'adam', learningRate: 0.01 } },
    evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['ball'] } },
    federation: { rounds: 1, minSites: 1 },
    seed: 42,
    ...changes,
  } satisfies JobInput);
}

/** A bright lesion of 2 to 4 voxels' radius somewhere in noise, or noise alone. */
export function scanOf(hasLesion: boolean, random: Random): Volume {
  const radius = 2 + 2 * random.uniform();
  const centre = [0, 1, 2].map(() => radius + (SCAN_SIZE - 2 * radius) * random.uniform());
  const data = Float32Array.from({ length: SCAN_SIZE ** 3 }, (_, voxel) => {
    const position = [0, 1, 2].map((axis) => Math.floor(voxel / SCAN_SIZE ** axis) % SCAN_SIZE);
    const distance = Math.hypot(...position.map((at, axis) => at - (centre[axis] as number)));
    return (hasLesion && distance <= radius ? 3 : 0) + random.normal();
  });
  return { shape: [SCAN_SIZE, SCAN_SIZE, SCAN_SIZE], affineRas: AFFINE, data };
}

/** Tells scans with a lesion from those without. */
export function lesionJob(changes: Partial<JobInput> = {}): Job {
  return jobSchema.parse({
    name: 'lesions',
    task: { kind: 'classification' },
    classes: ['none', 'lesion'],
    preprocess: [{ kind: 'orient' }, { kind: 'zscore' }],
    augment: [{ kind: 'flip', axes: ['x', 'y', 'z'] }],
    network: {
      ...{ kind: 'densenet', initFeatures: 8, growthRate: 8, blocks: [2, 2] },
      norm: { kind: 'batch', statistics: 'averaged' },
    },
    training: {
      ...{ batchSize: 8, loss: { kind: 'cross-entropy' } },
      optimizer: { kind: 'adam', learningRate: 0.01 },
    },
    evaluation: {
      bestBy: 'auc',
      auc: { level: 'case', classes: ['lesion'] },
      validationFraction: 0.4,
    },
    federation: { rounds: 1, minSites: 1 },
    seed: 7,
    ...changes,
  } satisfies JobInput);
}
