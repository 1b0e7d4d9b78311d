import { describe, expect, it } from 'vitest';
import { type SpanChart, spanChart } from './span-chart.js';

const chart: SpanChart = {
  title: 'Rounds',
  description: 'Who answered when.',
  xLabel: 'minutes',
  xDomain: [0, 73],
  looks: [
    { name: 'answered', shape: 'solid', colour: 0 },
    { name: 'given up', shape: 'dashed', colour: 1 },
    { name: 'not awaited', shape: 'thin', colour: 7 },
  ],
  lanes: [
    {
      name: 'north',
      spans: [
        { from: 0, to: 10, look: 0 },
        { from: 20, to: 20, look: 0 },
      ],
    },
    {
      name: 'south',
      spans: [
        { from: 10, to: 0, look: 1 },
        { from: 20, to: 30, look: 2 },
      ],
    },
  ],
};
const drawn = (svg: string) =>
  [...svg.matchAll(/^<path class="([^"]+)" d="([^"]+)"\/>$/gm)].map(
    ([, look, d]) => `${look} ${d}`,
  );

describe('a chart of spans', () => {
  it('draws each kind as one path, every span wide enough to be seen, whichever end comes first', () => {
    expect(drawn(spanChart(chart)).filter((_, index) => index < 3)).toEqual([
      'solid solid-0 M150,37.3h100v13.3h-100zM350,37.3h1.5v13.3h-1.5z',
      'edge-1 dashed M150,57.3h100v13.3h-100z',
      'edge-7 thin M350,64h100',
    ]);
  });

  it('explains every kind above the lanes, which have names while there is room', () => {
    const svg = spanChart(chart);
    for (const { name } of [...chart.looks, ...chart.lanes])
      expect(svg).toContain(`>${name}</text>`);
    const lanes = Array.from({ length: 100 }, (_, site) => ({ name: `site-${site}`, spans: [] }));
    expect(spanChart({ ...chart, lanes })).not.toContain('site-');
  });

  it('stays small with thousands of spans', () => {
    const spans = Array.from({ length: 50 }, (_, round) => ({
      from: round,
      to: round + 1,
      look: 0,
    }));
    const lanes = Array.from({ length: 100 }, (_, site) => ({ name: `site-${site}`, spans }));
    expect(spanChart({ ...chart, lanes }).length).toBeLessThan(200_000);
  });
});
