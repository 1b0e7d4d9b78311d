import { describe, expect, it } from 'vitest';
import { type LineChart, lineChart, spaced } from './line-chart.js';

const chart: LineChart = {
  title: 'Dice per site',
  description: 'Three rounds of two sites.',
  xLabel: 'round',
  xs: [0, 1, 2],
  yDomain: [0, 1],
  lines: [{ name: 'north', values: [0.5, null, 0.75] }],
  spreadWords: { median: 'median', quartiles: 'quartiles', range: 'range' },
};
const many = (count: number) =>
  Array.from({ length: count }, (_, site) => ({
    name: `site-${site}`,
    values: [site / 10, null, 1 - site / 10],
  }));
const shapes = (svg: string) =>
  svg.split('\n').filter((line) => /class="(line|mean|dot|range|quart|mark)/.test(line));

describe('a chart of lines', () => {
  it('breaks a line where a figure is missing, and shows one without neighbours as a dot', () => {
    const lines = [{ name: 'north', values: [0.5, 0.5, null, 0.75, Number.NaN, 1] }];
    expect(shapes(lineChart({ ...chart, xs: [0, 1, 2, 3, 4, 5], lines }))).toEqual([
      '<polyline class="line line-0" points="48,158 184.4,158"/>',
      '<circle class="dot dot-0" cx="457.2" cy="91" r="3.5"/>',
      '<circle class="dot dot-0" cx="730" cy="24" r="3.5"/>',
      '<polyline class="line line-0" points="734,24 742,24 760,24"/>',
    ]);
  });

  it('shows up to eight lines, and of nine their spread', () => {
    expect(lineChart({ ...chart, lines: many(8) }).match(/dot-7/g)).toHaveLength(2);
    const spread = shapes(lineChart({ ...chart, lines: many(9) }));
    expect(spread.filter((line) => line.includes('"range" points'))).toEqual([
      '<polygon class="range" points="45,77.6 51,77.6 51,292 45,292"/>',
      '<polygon class="range" points="727,24 733,24 733,238.4 727,238.4"/>',
    ]);
    expect(spread.join()).not.toContain('line-1');
  });

  it('draws chosen lines over the spread, and of few lines all the same', () => {
    const chosen = ['site-3', 'site-7', 'nobody'];
    const svg = lineChart({ ...chart, lines: many(9), chosen });
    const dots = shapes(svg).filter((line) => line.includes('circle'));
    // At 0.3 and 0.7 of the height, each with its own look; the median keeps the first.
    expect(dots.map((line) => /class="(.*)" cx="(.*)" cy="(.*)" r/.exec(line)?.slice(1))).toEqual([
      ['dot dot-0', '48', '184.8'],
      ['dot dot-0', '730', '131.2'],
      ['dot dot-1', '48', '211.6'],
      ['dot dot-1', '730', '104.4'],
      ['dot dot-2', '48', '104.4'],
      ['dot dot-2', '730', '211.6'],
    ]);
    expect(svg).toContain('>site-7</text>');
    expect(svg).not.toContain('>site-4</text>');
    const few = { ...chart, lines: many(8) };
    expect(lineChart({ ...few, chosen })).toBe(lineChart(few));
  });

  it('draws the line that counts last, above the others, and points out a place', () => {
    const mean = { name: 'all sites', values: [0.5, 0.6, 0.7] };
    const svg = lineChart({ ...chart, mean, mark: { x: 2, label: 'best' } });
    expect(shapes(svg).map((line) => /class="([\w -]+)"/.exec(line)?.[1])).toEqual([
      'dot dot-0',
      'dot dot-0',
      'mean',
      'line line-0',
      'mean',
      'mark',
    ]);
    expect(svg).toContain('>best</text>');
  });

  it('has a name and a description that are read aloud, and escapes what it is told', () => {
    const evil = '</title><script>alert("1")</script>';
    const svg = lineChart({
      ...chart,
      title: evil,
      lines: [{ name: `&${evil}`, values: [1, 1, 1] }],
    });
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-label="&lt;\/title&gt;/);
    expect(svg).toContain('<desc>Three rounds of two sites.</desc>');
    expect(svg).not.toContain('<script');
  });

  it('is drawn of nothing too', () => {
    expect(shapes(lineChart({ ...chart, xs: [], lines: [] }))).toEqual([]);
  });
});

describe('names at the ends of lines', () => {
  it('are moved apart, in their order, and stay within the plot', () => {
    expect(spaced([10, 11, 12], 15, [0, 100])).toEqual([10, 25, 40]);
    expect(spaced([95, 96], 15, [0, 100])).toEqual([85, 100]);
    expect(spaced([], 15, [0, 100])).toEqual([]);
  });
});
