import { describe, expect, it } from 'vitest';
import { sensitivityAt } from './sensitivity.js';

const POSITIVES = [0.9, 0.8, 0.8, 0.55, 0.3];
const NEGATIVES = [0.85, 0.7, 0.55, 0.5, 0.4, 0.4, 0.2, 0.1, 0.1, 0.05];

/** By its definition: over every threshold there is, the best that is specific enough. */
function bestOfAll(specificity: number): number {
  const part = (scores: readonly number[], threshold: number) =>
    scores.filter((score) => score > threshold).length / scores.length;
  const thresholds = [-1, ...POSITIVES, ...NEGATIVES];
  const allowed = thresholds.filter((each) => 1 - part(NEGATIVES, each) >= specificity - 1e-12);
  return Math.max(...allowed.map((each) => part(POSITIVES, each)));
}

describe('the sensitivity at a specificity', () => {
  it.each([
    [1, 0.2],
    [0.9, 0.6],
    [0.8, 0.6],
    [0.7, 0.8],
    [0.5, 0.8],
    [0.3, 1],
    [0, 1],
  ])('of %s is the highest point of the ROC curve up to there', (specificity, expected) => {
    expect(sensitivityAt(specificity, POSITIVES, NEGATIVES)).toBeCloseTo(expected, 12);
    expect(bestOfAll(specificity)).toBeCloseTo(expected, 12);
  });

  it('counts a score that a negative has too as none', () => {
    expect(sensitivityAt(1, [0.5, 0.5], [0.5])).toBe(0);
  });

  it('is undefined where there is one class only', () => {
    expect(sensitivityAt(0.9, [], [0.1])).toBeNaN();
    expect(sensitivityAt(0.9, [0.1], [])).toBeNaN();
  });
});
