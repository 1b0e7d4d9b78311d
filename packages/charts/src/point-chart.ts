import {
  type ChartWords,
  fitted,
  type Plot,
  picture,
  plotOf,
  svgText,
  textPixels,
  WIDTH,
  xAxis,
  yAxis,
} from './chart-frame.js';
import { spaced } from './line-chart.js';
import { domainOf } from './linear-scale.js';
import { element } from './svg-markup.js';

export interface ChartPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Where y may lie. */
  readonly interval?: { readonly low: number; readonly high: number };
}

/** Few things by two figures each, every one with its name beside it. */
export interface PointChart extends ChartWords {
  readonly xLabel: string;
  /** Those of which a figure is not finite are left out. */
  readonly points: readonly ChartPoint[];
  /** What has a y and no x, as a line across. */
  readonly levels: readonly { readonly name: string; readonly y: number }[];
}

const HEIGHT = 340;
const EDGES = { left: 48, right: WIDTH - 170, top: 24, bottom: HEIGHT - 48 };
const DOT_PIXELS = 4;
const NAME_PIXELS = 15;
const NAME_WIDTH = WIDTH - EDGES.right - 10;
/** Of an axis, what is left free beside the outermost points. */
const ROOM = 0.05;

export function pointChart(chart: PointChart): string {
  const points = chart.points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const levels = chart.levels.filter(({ y }) => Number.isFinite(y));
  const ys = [...points, ...levels].map(({ y }) => y);
  const ends = points.flatMap(({ interval }) => (interval ? [interval.low, interval.high] : []));
  const xDomain = roomy(domainOf([0, ...points.map(({ x }) => x)]));
  const yDomain = roomy(domainOf([...ys, ...ends], 0.05));
  const plot = plotOf({ xDomain, yDomain }, EDGES);
  return picture(chart, HEIGHT, [
    ...xAxis(plot, xDomain, chart.xLabel),
    ...yAxis(plot, yDomain),
    ...acrossOf(levels, plot),
    ...points.flatMap((point) => drawn(point, plot)),
    ...namesOf(points, plot),
  ]);
}

function roomy([min, max]: readonly [number, number]): readonly [number, number] {
  const room = ROOM * (max / 2 - min / 2);
  // Nothing below 0 where nothing lies there.
  const low = min === 0 ? 0 : Math.max(min - room, -Number.MAX_VALUE);
  return [low, Math.min(max + room, Number.MAX_VALUE)];
}

function acrossOf(levels: PointChart['levels'], { y, left, right, top, bottom }: Plot): string[] {
  const rising = levels.toSorted((a, b) => b.y - a.y);
  const places = spaced(
    rising.map((level) => y(level.y)),
    NAME_PIXELS,
    [top, bottom],
  );
  return rising.flatMap((level, index) => [
    element('line', { class: 'mark', x1: left, x2: right, y1: y(level.y), y2: y(level.y) }),
    svgText(fitted(level.name, NAME_WIDTH), { x: right + 8, y: (places[index] as number) + 4 }),
  ]);
}

function drawn({ x, y, interval }: ChartPoint, plot: Plot): string[] {
  const [cx, cy] = [plot.x(x), plot.y(y)];
  const { low, high } = interval ?? { low: y, high: y };
  return [
    element('line', { class: 'line line-0', x1: cx, x2: cx, y1: plot.y(low), y2: plot.y(high) }),
    element('circle', { class: 'dot dot-0', cx, cy, r: DOT_PIXELS }),
  ];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

/** Beside its point each, further down where another name is in the way. */
function namesOf(points: readonly ChartPoint[], plot: Plot): string[] {
  const taken: Box[] = [];
  const isTaken = (box: Box) =>
    taken.some(
      ({ left, right, y }) =>
        left < box.right && box.left < right && Math.abs(y - box.y) < NAME_PIXELS,
    );
  const downwards = points.toSorted((a, b) => b.y - a.y);
  return downwards.map((point) => {
    const width = textPixels(point.name);
    const x = plot.x(point.x);
    const isRight = x + DOT_PIXELS + 4 + width <= WIDTH;
    const left = isRight ? x + DOT_PIXELS + 4 : x - DOT_PIXELS - 4 - width;
    let box: Box = { left, right: left + width, y: plot.y(point.y) };
    while (isTaken(box) && box.y < plot.bottom - NAME_PIXELS) box = { ...box, y: box.y + 1 };
    taken.push(box);
    const anchor = isRight ? { x: left } : { x: left + width, 'text-anchor': 'end' };
    return svgText(point.name, { ...anchor, y: box.y + 4 });
  });
}
