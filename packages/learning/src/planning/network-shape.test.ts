import type { Size, SpacingMm } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { networkShape } from './network-shape.js';

const halvings = (spacing: SpacingMm, patch: Size) => {
  const { strides } = networkShape(spacing, patch);
  return [0, 1, 2].map((axis) => strides.filter((stride) => stride[axis] === 2).length);
};

/** Published with nnU-Net (Isensee et al., Nature Methods 2021, supplementary tables), axes here x, y, z. */
describe('levels of a network', () => {
  it('are those that nnU-Net gives the hippocampus', () => {
    const shape = networkShape([1, 1, 1], [40, 56, 40]);
    expect(shape.filters).toEqual([32, 64, 128, 256]);
    expect(shape.divisor).toEqual([8, 8, 8]);
    expect(shape.kernelSize).toEqual(Array(4).fill([3, 3, 3]));
  });

  it('are those that it gives the prostate, whose planes lie six times as far apart as pixels', () => {
    const [spacing, patch]: [SpacingMm, Size] = [
      [0.62, 0.62, 3.6],
      [320, 256, 20],
    ];
    expect(halvings(spacing, patch)).toEqual([6, 6, 2]);
    const { kernelSize, strides, filters } = networkShape(spacing, patch);
    expect(kernelSize.slice(0, 3)).toEqual([
      [3, 3, 1],
      [3, 3, 1],
      [3, 3, 3],
    ]);
    expect(strides.slice(0, 3)).toEqual([
      [2, 2, 1],
      [2, 2, 1],
      [2, 2, 2],
    ]);
    expect(filters).toEqual([32, 64, 128, 256, 320, 320, 320]);
  });

  it('are those that it gives a brain tumour', () => {
    expect(halvings([1, 1, 1], [128, 128, 128])).toEqual([5, 5, 5]);
  });

  it('halve no lone axis but a long one', () => {
    expect(halvings([1, 1, 1], [12, 4, 4])).toEqual([1, 0, 0]);
    expect(halvings([1, 1, 1], [11, 4, 4])).toEqual([0, 0, 0]);
  });
});
