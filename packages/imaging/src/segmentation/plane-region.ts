import {
  commonPixels,
  enclosedSpans,
  forEachPixel,
  type Outline,
  oddSpans,
  type Spans,
  unitedSpans,
} from './even-odd.js';

/** An outline of a plane, and whether its writer says that it is to be taken from the others (PS3.3 C.8.8.6.3). */
export interface PlaneOutline {
  readonly points: Outline;
  readonly isXor: boolean;
}

/** Two outlines that differ by less than this much of a pixel along their length are one, stored twice. */
const SAME_OUTLINE_PIXELS = 0.35;

interface Shape extends PlaneOutline {
  readonly spans: Spans;
  readonly pixels: number;
}

/**
 * The pixels that the outlines of one plane enclose: an outline inside another is a hole, and one inside
 * that an island again. Outlines that cross each other are parts of one area, since no hole crosses its
 * border; an outline stored twice is one. `CLOSEDPLANAR_XOR` is XOR, whatever it crosses.
 */
export function planeRegion(outlines: readonly PlaneOutline[], nx: number, ny: number): Spans {
  const shapes = outlines.map((outline): Shape => {
    const spans = enclosedSpans(outline.points, nx, ny);
    return { ...outline, spans, pixels: pixelCount(spans, nx) };
  });
  const groups = grouped(shapes.filter(({ pixels }) => pixels > 0));
  return oddSpans(groups.map((group) => unitedSpans(group.map(({ spans }) => spans))));
}

/** Shapes that belong together by what links each to any other of them. */
function grouped(shapes: readonly Shape[]): Shape[][] {
  let groups: Shape[][] = [];
  for (const shape of shapes) {
    const linked = groups.filter((group) => group.some((other) => areOneArea(shape, other)));
    groups = [...groups.filter((group) => !linked.includes(group)), [...linked.flat(), shape]];
  }
  return groups;
}

function areOneArea(a: Shape, b: Shape): boolean {
  if (a.isXor || b.isXor) return false;
  const common = commonPixels(a.spans, b.spans);
  if (common === 0) return false;
  if (common < a.pixels && common < b.pixels) return true;
  const differing = a.pixels + b.pixels - 2 * common;
  return differing < SAME_OUTLINE_PIXELS * Math.max(lengthOf(a.points), lengthOf(b.points));
}

function pixelCount(spans: Spans, nx: number): number {
  let pixels = 0;
  forEachPixel(spans, nx, () => {
    pixels++;
  });
  return pixels;
}

function lengthOf(outline: Outline): number {
  return outline.reduce((sum, [x, y], index) => {
    const [fromX, fromY] = outline.at(index - 1) as Outline[number];
    return sum + Math.hypot(x - fromX, y - fromY);
  }, 0);
}
