import { describe, expect, it } from 'vitest';
import { predictionFigures } from './class-figures.js';

const grid = {
  shape: [4, 1, 1] as const,
  affineRas: [2, 0, 0, 0, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 1],
};
const map = (...values: number[]) => ({ ...grid, data: Uint8Array.from(values) });
const CLASSES = ['background', 'organ', 'lesion', 'cyst'];

describe('the figures of a prediction', () => {
  it('are its volume and its Dice of each class, worked out by hand', () => {
    expect(predictionFigures(map(1, 1, 2, 0), CLASSES, map(1, 2, 2, 2))).toEqual([
      { name: 'organ', voxels: 2, ml: 0.2, dice: 2 / 3 },
      { name: 'lesion', voxels: 1, ml: 0.1, dice: 0.5 },
    ]);
  });

  it('have no Dice where there was nothing to find', () => {
    expect(predictionFigures(map(0, 0, 0, 2), CLASSES, map(1, 0, 0, 0))).toEqual([
      { name: 'organ', voxels: 0, ml: 0, dice: 0 },
      { name: 'lesion', voxels: 1, ml: 0.1 },
    ]);
    expect(predictionFigures(map(0, 0, 0, 3), CLASSES, undefined)).toEqual([
      { name: 'cyst', voxels: 1, ml: 0.1 },
    ]);
  });
});
