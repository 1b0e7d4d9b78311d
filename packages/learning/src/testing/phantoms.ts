import type { Random } from '@fedvox/base';
import type { LabelMap, Volume } from '@fedvox/imaging';
import { type Job, type JobInput, jobSchema } from '@fedvox/job';

/** Small synthetic cases and a job for them, for the tests of this package only. */

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
