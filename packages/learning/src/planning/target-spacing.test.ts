import type { Size, SpacingMm } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { targetGrid } from './target-spacing.js';

const of = (...cases: [SpacingMm, Size][]) =>
  targetGrid({
    spacingsMm: cases.map(([spacing]) => spacing),
    sizes: cases.map(([, size]) => size),
  });

describe('the grid that scans are brought to', () => {
  it('has the median spacing, and the size of the median case there', () => {
    const grid = of(
      [
        [1, 1, 1],
        [40, 40, 40],
      ],
      [
        [2, 1, 1],
        [30, 50, 40],
      ],
      [
        [2, 1, 1],
        [20, 60, 40],
      ],
    );
    expect(grid).toEqual({ spacingMm: [2, 1, 1], size: [20, 50, 40] });
  });

  it('is finer than the median along a coarse axis', () => {
    const planes = [3, 3.6, 3.6, 3.6, 3.6, 3.6, 3.6, 3.6, 3.6, 3.6, 3.6];
    const grid = of(
      ...planes.map((mm): [SpacingMm, Size] => [
        [0.5, 0.5, mm],
        [320, 320, 20],
      ]),
    );
    // The tenth percentile of eleven is the second.
    expect(grid).toEqual({ spacingMm: [0.5, 0.5, 3.6], size: [320, 320, 20], coarseAxis: 2 });
    const finer = of(
      ...[2, 2, ...planes.slice(2)].map((mm): [SpacingMm, Size] => [
        [0.5, 0.5, mm],
        [320, 320, 20],
      ]),
    );
    expect(finer.spacingMm).toEqual([0.5, 0.5, 2]);
    expect(finer.size).toEqual([320, 320, 36]);
  });

  it('never makes a coarse axis finer than the others are', () => {
    const grid = of(
      ...Array.from({ length: 10 }, (_, at): [SpacingMm, Size] => [
        [1, 1, at < 2 ? 0.5 : 4],
        [90, 90, 20],
      ]),
    );
    expect(grid.spacingMm).toEqual([1, 1, 1]);
  });

  it('keeps the median where as many voxels lie along the long ones', () => {
    expect(
      of([
        [1, 1, 4],
        [64, 64, 64],
      ]),
    ).toEqual({ spacingMm: [1, 1, 4], size: [64, 64, 64] });
  });
});
