import { describe, expect, it } from 'vitest';
import { type ChartPoint, pointChart } from './point-chart.js';

const drawn = (points: readonly ChartPoint[], levels: { name: string; y: number }[] = []) =>
  pointChart({ title: 'Cost', description: 'What it costs', xLabel: 'MB', points, levels });
const numbers = (svg: string, shape: RegExp) =>
  [...svg.matchAll(shape)].map((match) => match.slice(1).map(Number));
const dots = (svg: string) => numbers(svg, /<circle [^>]*cx="([^"]+)" cy="([^"]+)"/g);
const placeOf = (svg: string, name: string) =>
  numbers(svg, new RegExp(`<text x="([^"]+)"(?: text-anchor="end")? y="([^"]+)">${name}<`, 'g'))[0];

describe('a chart of points', () => {
  it('has more to the right and better further up, from nothing on', () => {
    const svg = drawn([
      { name: 'float32', x: 100, y: 0.82 },
      { name: 'int8', x: 25, y: 0.8 },
    ]);
    const [float32, int8] = dots(svg) as [number[], number[]];
    // A quarter of the way from where nothing is sent.
    expect((int8[0] as number) - 48).toBeCloseTo(((float32[0] as number) - 48) / 4, 0);
    expect(int8[1]).toBeGreaterThan(float32[1] as number);
  });

  it('shows where a figure may lie, and levels across the whole', () => {
    const svg = drawn(
      [{ name: 'fedavg', x: 4, y: 0.8, interval: { low: 0.7, high: 0.9 } }],
      [{ name: 'pooled', y: 0.85 }],
    );
    const [bar] = numbers(svg, /<line class="line line-0" [^>]*y1="([^"]+)" y2="([^"]+)"/g);
    const [[, middle]] = dots(svg) as [number[]];
    expect((bar as number[]).reduce((a, b) => a + b) / 2).toBeCloseTo(middle as number, 0);
    const [level] = numbers(svg, /<line class="mark" x1="([^"]+)" x2="([^"]+)"/g);
    expect(level).toEqual([48, 730]);
    expect(svg).toContain('>pooled<');
  });

  it('puts names of points that lie on each other below each other', () => {
    const svg = drawn([
      { name: 'one', x: 10, y: 0.8 },
      { name: 'two', x: 10, y: 0.8 },
      { name: 'far', x: 5, y: 0.8 },
    ]);
    const [one, two, far] = ['one', 'two', 'far'].map((name) => placeOf(svg, name) as number[]);
    expect((two as number[])[1]).toBeGreaterThanOrEqual(((one as number[])[1] as number) + 15);
    expect((far as number[])[1]).toBe((one as number[])[1]);
  });

  it('leaves out what has no figure', () => {
    expect(dots(drawn([{ name: 'none', x: Number.NaN, y: 1 }]))).toEqual([]);
  });
});
