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
import { type Domain, distinct, domainOf } from './linear-scale.js';
import { MAX_LINES } from './palette.js';
import { type Spread, spreadOf } from './quantile-bands.js';
import { runsOf } from './runs.js';
import { coordinate, element, pair } from './svg-markup.js';

export interface ChartLine {
  readonly name: string;
  /** One for each of the chart's `xs`; null, and what is not finite, leaves a gap. */
  readonly values: readonly (number | null)[];
}

/** Values over whole numbers such as rounds. */
export interface LineChart extends ChartWords {
  readonly xLabel: string;
  /** Ascending. */
  readonly xs: readonly number[];
  /** One each, directly labelled; more than `MAX_LINES` are shown as their spread. */
  readonly lines: readonly ChartLine[];
  /** What the lines are like at each x, as `spreadsOf` gives it, for whoever knows it already. */
  readonly spreads?: readonly (Spread | null)[];
  /** Names of lines that are drawn over a spread, where there is one; the first `MAX_LINES - 1` of them. */
  readonly chosen?: readonly string[];
  /** The line that counts, drawn above the others. */
  readonly mean?: ChartLine;
  /** A place along x that is pointed out. */
  readonly mark?: { readonly x: number; readonly label: string };
  /** What y goes over; all values where absent. */
  readonly yDomain?: Domain;
  /** How the parts of a spread are named. */
  readonly spreadWords: {
    readonly median: string;
    readonly quartiles: string;
    readonly range: string;
  };
}

const HEIGHT = 340;
const EDGES = { left: 48, right: WIDTH - 170, top: 24, bottom: HEIGHT - 48 };
const NAME_PIXELS = 15;
const NAME_WIDTH = WIDTH - EDGES.right - 38;
const LONE_BAND_PIXELS = 6;

interface Name {
  readonly text: string;
  readonly y: number;
  readonly look: string;
}

/** Marks, and the name that stands beside them at the right end. */
interface Drawn {
  readonly shapes: readonly string[];
  readonly name?: Name;
}

export function lineChart(chart: LineChart): string {
  const lines = chart.lines.map(finite);
  const mean = chart.mean && finite(chart.mean);
  const values = [...lines, ...(mean ? [mean] : [])].flatMap((line) => line.values);
  const xDomain = domainOf(chart.xs);
  const yDomain = distinct(chart.yDomain ?? domainOf(values.filter((value) => value !== null)));
  const plot = plotOf({ xDomain, yDomain }, EDGES);
  const xs = placesOf(chart.xs, plot);
  const drawn = [
    ...(isSpread(chart)
      ? [
          ...spread(
            chart.spreads ?? spreadsOf({ lines, xs: chart.xs }),
            xs,
            plot,
            chart.spreadWords,
          ),
          ...overSpread(chart, lines, xs, plot),
        ]
      : lines.map((line, index) => drawLine(line, xs, plot, `line line-${index}`, `dot-${index}`))),
    ...(mean ? [drawLine(mean, xs, plot, 'mean', 'mean-dot')] : []),
  ];
  return picture(chart, HEIGHT, [
    ...xAxis(plot, xDomain, chart.xLabel, 1),
    ...yAxis(plot, yDomain),
    ...drawn.flatMap(({ shapes }) => shapes),
    ...names(
      drawn.flatMap(({ name }) => name ?? []),
      plot,
    ),
    ...(chart.mark ? markOf(chart.mark, plot) : []),
  ]);
}

/** Whether the chart's lines are too many to be told apart, and shown as their spread. */
export function isSpread({ lines }: Pick<LineChart, 'lines'>): boolean {
  return lines.length > MAX_LINES;
}

/** What the lines are like at each x; null where none has a value. */
export function spreadsOf({ lines, xs }: Pick<LineChart, 'lines' | 'xs'>): (Spread | null)[] {
  const clean = lines.map(finite);
  return xs.map((_, index) =>
    spreadOf(clean.map(({ values }) => values[index] ?? null).filter((value) => value !== null)),
  );
}

/** Places along x, and each as it is written: every shape of the chart has them again. */
interface Places {
  readonly at: readonly number[];
  readonly text: readonly string[];
}

function placesOf(xs: readonly number[], plot: Plot): Places {
  const at = xs.map(plot.x);
  return { at, text: at.map(coordinate) };
}

function finite({ name, values }: ChartLine): ChartLine {
  return { name, values: values.map((value) => (Number.isFinite(value) ? value : null)) };
}

function drawLine(
  { name, values }: ChartLine,
  xs: Places,
  plot: Plot,
  look: string,
  dot: string,
): Drawn {
  const runs = runsOf(values.slice(0, xs.at.length));
  const y = (index: number) => plot.y(values[index] as number);
  const shapes = runs.map(({ first, end }) => {
    // A value without neighbours has no line to be seen by.
    if (end - first === 1) {
      const place = { cx: xs.at[first] as number, cy: y(first) };
      return element('circle', { class: `dot ${dot}`, ...place, r: 3.5 });
    }
    const points: string[] = [];
    for (let index = first; index < end; index++) {
      points.push(`${xs.text[index]},${coordinate(y(index))}`);
    }
    return element('polyline', { class: look, points: points.join(' ') });
  });
  const last = runs.at(-1);
  return last ? { shapes, name: { text: name, y: y(last.end - 1), look } } : { shapes };
}

function spread(
  spreads: readonly (Spread | null)[],
  xs: Places,
  plot: Plot,
  words: LineChart['spreadWords'],
): Drawn[] {
  const median = { name: words.median, values: spreads.map((each) => each?.median ?? null) };
  return [
    { shapes: band(spreads, xs, plot, 'range', ['min', 'max']) },
    { shapes: band(spreads, xs, plot, 'quartiles', ['lowerQuartile', 'upperQuartile']) },
    drawLine(median, xs, plot, 'line line-0', 'dot-0'),
    {
      shapes: bandKey(plot, [
        ['range', words.range],
        ['quartiles', words.quartiles],
      ]),
    },
  ];
}

/** The first look is the median's. */
function overSpread(
  { chosen = [] }: LineChart,
  lines: readonly ChartLine[],
  xs: Places,
  plot: Plot,
): Drawn[] {
  return lines
    .filter(({ name }) => chosen.includes(name))
    .slice(0, MAX_LINES - 1)
    .map((line, index) => drawLine(line, xs, plot, `line line-${index + 1}`, `dot-${index + 1}`));
}

function band(
  spreads: readonly (Spread | null)[],
  xs: Places,
  plot: Plot,
  look: string,
  [low, high]: readonly [keyof Spread, keyof Spread],
): string[] {
  const y = (index: number, side: keyof Spread) => plot.y((spreads[index] as Spread)[side]);
  return runsOf(spreads).map(({ first, end }) => {
    const points: string[] = [];
    if (end - first === 1) {
      // A round without neighbours is given a width to be seen by.
      const x = xs.at[first] as number;
      const [left, right] = [x - LONE_BAND_PIXELS / 2, x + LONE_BAND_PIXELS / 2];
      points.push(pair(left, y(first, high)), pair(right, y(first, high)));
      points.push(pair(right, y(first, low)), pair(left, y(first, low)));
    } else {
      const add = (index: number, side: keyof Spread) =>
        points.push(`${xs.text[index]},${coordinate(y(index, side))}`);
      for (let index = first; index < end; index++) add(index, high);
      for (let index = end - 1; index >= first; index--) add(index, low);
    }
    return element('polygon', { class: look, points: points.join(' ') });
  });
}

/** What the bands are, above the plot: they have no end to be named at. */
function bandKey({ left, top }: Plot, bands: readonly (readonly [string, string])[]): string[] {
  let x = left;
  return bands.flatMap(([look, word]) => {
    const box = element('rect', { class: look, x, y: top - 19, width: 14, height: 11 });
    const text = svgText(word, { class: 'soft', x: x + 20, y: top - 9 });
    x += 20 + textPixels(word) + 24;
    return [box, text];
  });
}

/** Each line's name at its end, moved apart where ends are close. */
function names(ends: readonly Name[], { right, top, bottom }: Plot): string[] {
  const sorted = [...ends].sort((a, b) => a.y - b.y);
  const ys = spaced(
    sorted.map(({ y }) => y),
    NAME_PIXELS,
    [top, bottom],
  );
  return sorted.flatMap(({ text, y: end, look }, index) => {
    const y = ys[index] as number;
    const points = [pair(right + 4, end), pair(right + 12, y), pair(right + 30, y)].join(' ');
    return [
      element('polyline', { class: look, points }),
      svgText(fitted(text, NAME_WIDTH), { x: right + 35, y: y + 4 }),
    ];
  });
}

/** The same places in the same order, at least `gap` apart and within the ends as far as they fit. */
export function spaced(
  ascending: readonly number[],
  gap: number,
  [top, bottom]: readonly [number, number],
): number[] {
  const places = [...ascending];
  for (let i = 0; i < places.length; i++) {
    places[i] = Math.max(places[i] as number, i === 0 ? top : (places[i - 1] as number) + gap);
  }
  for (let i = places.length - 1; i >= 0; i--) {
    const limit = i === places.length - 1 ? bottom : (places[i + 1] as number) - gap;
    places[i] = Math.min(places[i] as number, limit);
  }
  return places;
}

function markOf({ x: at, label }: { x: number; label: string }, plot: Plot): string[] {
  const x = plot.x(at);
  const isRight = x > (plot.left + plot.right) / 2;
  const anchor = isRight ? 'end' : 'start';
  return [
    element('line', { class: 'mark', x1: x, x2: x, y1: plot.top, y2: plot.bottom }),
    svgText(label, { x: isRight ? x - 5 : x + 5, y: plot.bottom - 7, 'text-anchor': anchor }),
  ];
}
