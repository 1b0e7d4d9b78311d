import {
  type ChartWords,
  fitted,
  picture,
  plotOf,
  svgText,
  textPixels,
  WIDTH,
  xAxis,
} from './chart-frame.js';
import { type Domain, distinct, type Scale } from './linear-scale.js';
import { coordinate, element } from './svg-markup.js';

export interface DotLane {
  readonly name: string;
  /** One dot each; what is not finite is left out. */
  readonly values: readonly number[];
  readonly mean?: number;
  /** Where the mean may lie. */
  readonly interval?: { readonly low: number; readonly high: number };
}

/** Every value of several groups as a dot, with the groups' means. */
export interface DotChart extends ChartWords {
  readonly xLabel: string;
  readonly xDomain: Domain;
  readonly lanes: readonly DotLane[];
  /** What a dot, the long mark and the bar are. */
  readonly words: { readonly dot: string; readonly mean: string; readonly interval: string };
}

const EDGES = { left: 150, right: WIDTH - 20, top: 34 };
const LANE_PIXELS = 64;
const DOT_PIXELS = 3;
/** Dots nearer than this along x stand beside each other. */
const APART_PIXELS = 2 * DOT_PIXELS + 1;
/** Half of what a lane has for its dots: more of them than fit lie on each other. */
const SPREAD_PIXELS = LANE_PIXELS / 2 - DOT_PIXELS - 2;
/** 0, 1, -1, 2, -2, … as far as a lane goes. */
const LEVELS = Array.from({ length: 2 * Math.floor(SPREAD_PIXELS / APART_PIXELS) + 1 }, (_, k) =>
  k % 2 === 1 ? (k + 1) / 2 : -k / 2,
);
const MEAN_PIXELS = LANE_PIXELS - 12;

export function dotChart(chart: DotChart): string {
  const { lanes, words } = chart;
  const xDomain = distinct(chart.xDomain);
  const bottom = EDGES.top + Math.max(1, lanes.length) * LANE_PIXELS;
  const plot = plotOf({ xDomain, yDomain: [0, 1] }, { ...EDGES, bottom });
  return picture(chart, bottom + 48, [
    ...xAxis(plot, xDomain, chart.xLabel),
    ...lanes.flatMap((lane, row) => drawn(lane, plot.x, EDGES.top + (row + 0.5) * LANE_PIXELS)),
    ...key(words),
  ]);
}

function drawn({ name, values, mean, interval }: DotLane, x: Scale, middle: number): string[] {
  const places = values.filter(Number.isFinite).map(x);
  const label = { x: EDGES.left - 8, y: middle + 4, 'text-anchor': 'end' };
  const half = MEAN_PIXELS / 2;
  return [
    svgText(fitted(name, EDGES.left - 14), label),
    ...(places.length === 0 ? [] : [dots(beside(places), middle)]),
    ...(mean === undefined ? [] : [mark([x(mean), middle - half], [x(mean), middle + half])]),
    ...(interval ? [mark([x(interval.low), middle], [x(interval.high), middle])] : []),
  ];
}

/** From left to right, each as near to the middle as those before it leave room. */
function beside(places: readonly number[]): (readonly [x: number, offset: number])[] {
  const free = new Map<number, number>();
  return [...places]
    .sort((a, b) => a - b)
    .map((place) => {
      const level = LEVELS.find((each) => (free.get(each) ?? -Infinity) <= place) ?? 0;
      free.set(level, place + APART_PIXELS);
      return [place, level * APART_PIXELS] as const;
    });
}

/** One path of round points: a chart of thousands stays small. */
function dots(places: readonly (readonly [number, number])[], middle: number): string {
  const d = places
    .map(([x, offset]) => `M${coordinate(x)},${coordinate(middle + offset)}h0`)
    .join('');
  return element('path', { class: 'points', d });
}

function mark([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): string {
  return element('line', { class: 'mean', x1, x2, y1, y2 });
}

/** What each mark is, above the lanes. */
function key({ dot, mean, interval }: DotChart['words']): string[] {
  const middle = 14;
  let left = EDGES.left;
  const entry = (word: string, sample: (x: number) => string) => {
    const shapes = [sample(left), svgText(word, { class: 'soft', x: left + 24, y: middle + 4 })];
    left += 24 + textPixels(word) + 20;
    return shapes;
  };
  return [
    ...entry(dot, (x) => dots([[x + 9, 0]], middle)),
    ...entry(mean, (x) => mark([x + 9, middle - 8], [x + 9, middle + 8])),
    ...entry(interval, (x) => mark([x, middle], [x + 18, middle])),
  ];
}
