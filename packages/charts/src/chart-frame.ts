import { axisTicks } from './axis-ticks.js';
import { type Domain, linearScale, type Scale } from './linear-scale.js';
import { element, escapeText } from './svg-markup.js';

/** What every chart says of itself, to eyes and to screen readers. */
export interface ChartWords {
  readonly title: string;
  /** A sentence on what it shows, for those who don't see it. */
  readonly description: string;
}

export interface Plot {
  readonly x: Scale;
  readonly y: Scale;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const WIDTH = 900;
const TICK_PIXELS = { x: 80, y: 50 };
/** A little more than a character of the charts' font is wide; others are as wide as high. */
const CHARACTER_PIXELS = 6.6;
const WIDE_CHARACTER_PIXELS = 12.5;

/** The space that text takes, about: no font is at hand here. */
export function textPixels(text: string): number {
  return [...text].reduce(
    (sum, each) => sum + (each < '\u2E80' ? CHARACTER_PIXELS : WIDE_CHARACTER_PIXELS),
    0,
  );
}

/** Text of at most so many pixels, what is left out marked by an ellipsis. */
export function fitted(text: string, pixels: number): string {
  if (textPixels(text) <= pixels) return text;
  const characters = [...text];
  while (characters.length > 0 && textPixels(`${characters.join('')}…`) > pixels) characters.pop();
  return `${characters.join('')}…`;
}

/** The picture with its name and description; the look comes with the page (`CHART_STYLE`). */
export function picture(
  { title, description }: ChartWords,
  height: number,
  parts: string[],
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'chart',
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: 'img',
    'aria-label': title,
  };
  const words = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(description)),
  ];
  return element('svg', attributes, `\n${[...words, ...parts].join('\n')}\n`);
}

/** Where a chart's values go, between its margins. */
export function plotOf(
  { xDomain, yDomain }: { xDomain: Domain; yDomain: Domain },
  edges: Pick<Plot, 'left' | 'right' | 'top' | 'bottom'>,
): Plot {
  const x = linearScale(xDomain, [edges.left, edges.right]);
  const y = linearScale(yDomain, [edges.bottom, edges.top]);
  return { x, y, ...edges };
}

/** @param leastStep 1 where only whole numbers mean anything */
export function xAxis(plot: Plot, domain: Domain, label: string, leastStep = 0): string[] {
  const { left, right, top, bottom } = plot;
  const count = Math.max(1, Math.floor((right - left) / TICK_PIXELS.x));
  const ticks = axisTicks(domain, count, leastStep).map((tick) => {
    const x = plot.x(tick);
    return (
      element('line', { class: 'grid', x1: x, x2: x, y1: top, y2: bottom }) +
      svgText(String(tick), { class: 'soft', x, y: bottom + 18, 'text-anchor': 'middle' })
    );
  });
  const middle = { class: 'soft', x: (left + right) / 2, y: bottom + 36, 'text-anchor': 'middle' };
  return [...ticks, svgText(label, middle)];
}

export function yAxis(plot: Plot, domain: Domain): string[] {
  const { left, right, top, bottom } = plot;
  const count = Math.max(1, Math.floor((bottom - top) / TICK_PIXELS.y));
  return axisTicks(domain, count).map((tick) => {
    const y = plot.y(tick);
    return (
      element('line', { class: 'grid', x1: left, x2: right, y1: y, y2: y }) +
      svgText(String(tick), { class: 'soft', x: left - 8, y: y + 4, 'text-anchor': 'end' })
    );
  });
}

export function svgText(text: string, attributes: Record<string, string | number>): string {
  return element('text', attributes, escapeText(text));
}
