import { describe, expect, it } from 'vitest';
import { type DotChart, dotChart } from './dot-chart.js';

const chart: DotChart = {
  title: 'Dice',
  description: 'Of each case.',
  xLabel: 'Dice',
  xDomain: [0, 1],
  lanes: [
    { name: 'organ', values: [0.5, 1], mean: 0.75, interval: { low: 0.5, high: 1 } },
    { name: 'lesion', values: [0.2, 0.2, 0.2, Number.NaN] },
  ],
  words: { dot: 'a case', mean: 'mean', interval: '95 % interval' },
};
const paths = (svg: string) =>
  [...svg.matchAll(/<path class="points" d="([^"]+)"\/>/g)].map(([, d]) => d);
const marks = (svg: string) =>
  [...svg.matchAll(/<line class="mean" x1="([^"]+)" x2="([^"]+)"/g)].map(([, a, b]) => `${a} ${b}`);

describe('a chart of dots', () => {
  it('has one for each value that is a number, those that are alike beside each other', () => {
    expect(paths(dotChart(chart)).slice(0, 2)).toEqual([
      'M515,66h0M880,66h0',
      'M296,130h0M296,137h0M296,123h0',
    ]);
  });

  it('marks the mean of a lane and where it may lie', () => {
    expect(marks(dotChart(chart)).slice(0, 2)).toEqual(['697.5 697.5', '515 880']);
  });

  it('says whose dots they are, and what each mark is', () => {
    const svg = dotChart(chart);
    const { dot, mean, interval } = chart.words;
    for (const text of ['organ', 'lesion', dot, mean, interval]) {
      expect(svg).toContain(`>${text}</text>`);
    }
  });

  it('stays within its lane and small, however many there are', () => {
    const values = Array.from({ length: 5_000 }, (_, index) => (index % 100) / 100);
    const svg = dotChart({ ...chart, lanes: [{ name: 'organ', values }] });
    expect(svg.length).toBeLessThan(100_000);
    const [d = ''] = paths(svg);
    for (const [, y] of d.matchAll(/,([\d.]+)h/g)) {
      expect(Math.abs(Number(y) - 66)).toBeLessThan(30);
    }
  });
});
