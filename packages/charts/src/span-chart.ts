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
} from './chart-frame.js';
import { type Domain, distinct } from './linear-scale.js';
import { coordinate, element } from './svg-markup.js';

/** A kind of span: by colour and by shape, so that either is enough. */
export interface SpanLook {
  readonly name: string;
  readonly shape: 'solid' | 'hollow' | 'dashed' | 'thin';
  /** Of the palette. */
  readonly colour: number;
  /** How much of the lane's height a span fills, from below; all where absent. In (0, 1]. */
  readonly height?: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  /** Of the chart's looks. */
  readonly look: number;
}

export interface Lane {
  readonly name: string;
  readonly spans: readonly Span[];
}

/** Who did what when: a lane for each, spans along time or along rounds. */
export interface SpanChart extends ChartWords {
  readonly xLabel: string;
  readonly xDomain: Domain;
  readonly looks: readonly SpanLook[];
  readonly lanes: readonly Lane[];
  /** Places along x where something began. */
  readonly marks?: readonly number[];
}

const LEFT = 150;
const RIGHT = WIDTH - 20;
const KEY_TOP = 6;
const KEY_ROW_PIXELS = 22;
/** Lanes with names, as long as they have room; then a stripe each. */
const TALL = { upTo: 60, pixels: 20 };
const STRIPE_PIXELS = 6;
/** A span is seen, however short. */
const LEAST_PIXELS = 1.5;

export function spanChart(chart: SpanChart): string {
  const isTall = chart.lanes.length <= TALL.upTo;
  const laneHeight = isTall ? TALL.pixels : STRIPE_PIXELS;
  const explained = keyOf(chart.looks);
  const top = explained.bottom + KEY_TOP;
  const bottom = top + Math.max(1, chart.lanes.length) * laneHeight;
  const xDomain = distinct(chart.xDomain);
  const edges = { left: LEFT, right: RIGHT, top, bottom };
  const plot = plotOf({ xDomain, yDomain: [0, 1] }, edges);
  const marks = (chart.marks ?? []).map((at) => {
    const x = plot.x(at);
    return element('line', { class: 'grid', x1: x, x2: x, y1: top, y2: bottom });
  });
  return picture(chart, bottom + 48, [
    ...xAxis(plot, xDomain, chart.xLabel),
    ...marks,
    ...pathsOf(chart.lanes, chart.looks, plot, laneHeight),
    ...(isTall ? laneNames(chart.lanes, plot, laneHeight) : []),
    ...explained.parts,
  ]);
}

/** All spans of one look as one path: a chart of thousands stays small. */
function pathsOf(
  lanes: readonly Lane[],
  looks: readonly SpanLook[],
  plot: Plot,
  laneHeight: number,
): string[] {
  const boxes = looks.map((): string[] => []);
  for (const [row, { spans }] of lanes.entries()) {
    const y = plot.top + row * laneHeight;
    const boxOf = looks.map((look) => boxesIn(look, y, laneHeight));
    for (const span of spans) {
      const x = plot.x(Math.min(span.from, span.to));
      const width = Math.max(plot.x(Math.max(span.from, span.to)) - x, LEAST_PIXELS);
      boxes[span.look]?.push(boxOf[span.look]?.(x, width) ?? '');
    }
  }
  return looks.flatMap((look, index) => {
    const d = boxes[index]?.join('') ?? '';
    return d === '' ? [] : [element('path', { class: classOf(look), d })];
  });
}

type Box = (x: number, width: number) => string;

/** Of all boxes of a look in one lane only left and width differ. */
function boxesIn({ shape, height: part = 1 }: SpanLook, y: number, height: number): Box {
  if (shape === 'thin') {
    const middle = coordinate(y + height / 2);
    return (x, width) => `M${coordinate(x)},${middle}h${coordinate(width)}`;
  }
  const gap = height / 6;
  const tall = part * (height - 2 * gap);
  const [top, h] = [coordinate(y + height - gap - tall), coordinate(tall)];
  return (x, width) => `M${coordinate(x)},${top}h${coordinate(width)}v${h}h${coordinate(-width)}z`;
}

function classOf({ shape, colour }: SpanLook): string {
  return shape === 'solid' ? `solid solid-${colour}` : `edge-${colour} ${shape}`;
}

function laneNames(lanes: readonly Lane[], plot: Plot, laneHeight: number): string[] {
  return lanes.map(({ name }, row) => {
    const y = plot.top + (row + 0.5) * laneHeight + 4;
    return svgText(fitted(name, LEFT - 14), { x: LEFT - 8, y, 'text-anchor': 'end' });
  });
}

/** Every look with its name, in as many rows as they take. */
function keyOf(looks: readonly SpanLook[]): { readonly parts: string[]; readonly bottom: number } {
  let [x, y] = [LEFT, KEY_TOP];
  const parts = looks.flatMap((look) => {
    const width = 24 + textPixels(look.name) + 20;
    if (x > LEFT && x + width > WIDTH) [x, y] = [LEFT, y + KEY_ROW_PIXELS];
    const sample = element('path', { class: classOf(look), d: boxesIn(look, y, 16)(x, 18) });
    const text = svgText(look.name, { class: 'soft', x: x + 24, y: y + 12 });
    x += width;
    return [sample, text];
  });
  return { parts, bottom: y + KEY_ROW_PIXELS };
}
