import { portableVoxels, type Volume } from '@fedvox/imaging';
import { jobSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { ballJob } from '../testing/phantoms.js';
import { segmented } from './segmented.js';

const grid = {
  shape: [5, 3, 3],
  affineRas: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
} as const;
const CLASSES = ['background', 'shell', 'speck'];
/** The first class, as a shell of 3³ around one voxel, and one voxel of the second beside it. */
const wanted = Uint8Array.from({ length: 45 }, (_, at) => {
  const [x, y, z] = [at % 5, Math.floor(at / 5) % 3, Math.floor(at / 15)];
  if (x === 4) return y === 1 && z === 1 ? 1 : 0;
  return x === 3 ? 0 : x === 1 && y === 1 && z === 1 ? 0 : 1;
});
const probabilities = CLASSES.map(
  (_, label): Volume => ({
    ...grid,
    data: Float32Array.from(wanted, (value) => (value === label ? 1 : 0)),
  }),
);

function labelsOf(...postprocess: { kind: string; classes?: string[] }[]): string {
  const job = jobSchema.parse({
    ...ballJob(),
    classes: CLASSES,
    evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['shell'] } },
    inference: postprocess.length === 0 ? {} : { postprocess },
  });
  return segmented(probabilities, grid, job, portableVoxels).data.join('');
}

describe('a segmented scan', () => {
  it('is what has the largest probability where a job says no more', () => {
    expect(labelsOf()).toBe(wanted.join(''));
  });

  it('goes through the steps of its job, of all classes or of those that are named', () => {
    const kept = [...labelsOf({ kind: 'largest-component' })];
    expect(kept.filter((label) => label === '1')).toHaveLength(26);
    const both = [...labelsOf({ kind: 'largest-component' }, { kind: 'fill-holes' })];
    expect(both.filter((label) => label === '1')).toHaveLength(27);
    const other = { kind: 'largest-component', classes: ['speck'] };
    expect(labelsOf(other, { kind: 'fill-holes', classes: ['speck'] })).toBe(wanted.join(''));
  });

  it('is of no class that the job does not have', () => {
    expect(() => labelsOf({ kind: 'fill-holes', classes: ['background'] })).toThrow(
      /names background, no foreground class of this job \(shell, speck\)/,
    );
  });
});
