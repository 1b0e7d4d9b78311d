import { forEachPixel, type Spans } from './even-odd.js';

/** Farther than any pixel of an image. */
const FAR = 1e15;

/**
 * The shape between two shapes, by interpolating how far each pixel is inside or outside of them (Raya and
 * Udupa 1990). Shapes that do not lie above each other have nothing between them.
 * @param part how far from the first to the second, from 0 to 1
 * @param sides width and height of a pixel in mm
 * @returns pixels as 1 or 0
 */
export function shapeBetween(
  first: Spans,
  second: Spans,
  part: number,
  nx: number,
  sides: readonly [number, number],
): Uint8Array {
  const [a, b] = [first, second].map((spans) => depths(spans, nx, sides)) as [
    Float64Array,
    Float64Array,
  ];
  return Uint8Array.from(a, (depth, pixel) =>
    (1 - part) * depth + part * (b[pixel] as number) > 0 ? 1 : 0,
  );
}

/** Distance to the shape's border in mm, positive inside. */
function depths(spans: Spans, nx: number, sides: readonly [number, number]): Float64Array {
  const ny = spans.length;
  const inside = new Uint8Array(nx * ny);
  forEachPixel(spans, nx, (pixel) => {
    inside[pixel] = 1;
  });
  const toOutside = distances(inside, 0, nx, ny, sides);
  const toInside = distances(inside, 1, nx, ny, sides);
  const borderMm = Math.min(...sides) / 2;
  return Float64Array.from(inside, (isInside, pixel) =>
    isInside === 1
      ? (toOutside[pixel] as number) - borderMm
      : borderMm - (toInside[pixel] as number),
  );
}

/** Distance in mm of each pixel to the nearest of a value: exact, along columns and then along rows. */
function distances(
  pixels: Uint8Array,
  value: number,
  nx: number,
  ny: number,
  [width, height]: readonly [number, number],
): Float64Array {
  const squares = Float64Array.from(pixels, (pixel) => (pixel === value ? 0 : FAR));
  for (let i = 0; i < nx; i++) lowerEnvelope(squares, i, nx, ny, height);
  for (let j = 0; j < ny; j++) lowerEnvelope(squares, j * nx, 1, nx, width);
  return squares.map(Math.sqrt);
}

/** One line of a squared distance transform (Felzenszwalb and Huttenlocher 2012), in place. */
function lowerEnvelope(
  squares: Float64Array,
  start: number,
  stride: number,
  count: number,
  stepMm: number,
): void {
  const heights = Float64Array.from({ length: count }, (_, at) => squares[start + at * stride]!);
  const vertices = [0];
  const borders = [Number.NEGATIVE_INFINITY];
  const meeting = (a: number, b: number) =>
    (heights[b]! - heights[a]! + stepMm ** 2 * (b * b - a * a)) / (2 * stepMm ** 2 * (b - a));
  for (let at = 1; at < count; at++) {
    while (vertices.length > 1 && meeting(vertices.at(-1)!, at) <= borders.at(-1)!) {
      vertices.pop();
      borders.pop();
    }
    borders.push(meeting(vertices.at(-1)!, at));
    vertices.push(at);
  }
  for (let at = 0, parabola = 0; at < count; at++) {
    while (parabola + 1 < vertices.length && borders[parabola + 1]! < at) parabola++;
    const vertex = vertices[parabola]!;
    squares[start + at * stride] = (stepMm * (at - vertex)) ** 2 + heights[vertex]!;
  }
}
