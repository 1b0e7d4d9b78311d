import type { Vec3 } from '../geometry/vector.js';

/**
 * Colours of the first seven classes: those that Okabe and Ito chose to be told apart by every kind of
 * colour vision, without their black, the bright ones first (M. Okabe, K. Ito, "Color Universal Design",
 * 2002, revised 2008).
 */
const COLOURS: readonly Vec3[] = [
  [230, 159, 0],
  [86, 180, 233],
  [240, 228, 66],
  [204, 121, 167],
  [0, 158, 115],
  [213, 94, 0],
  [0, 114, 178],
];

const LINE: Vec3 = [0, 0, 0];

/** How far a pixel lies into a pattern's period of so many pixels; its lines are at the beginning. */
type Weave = (x: number, y: number, period: number) => number;

const WEAVES: readonly Weave[] = [
  (x, y, period) => (x + y) % period,
  (x, y, period) => (x + (period - 1) * y) % period,
  (_, y, period) => y % period,
  (x, _, period) => x % period,
  (x, y, period) => Math.max(x % period, y % period),
  (x, y, period) => Math.min(x % period, y % period),
];
/** Periods and line widths in pixels, the most easily told apart first. */
const LINES: readonly (readonly [period: number, width: number])[] = [
  [6, 2],
  [4, 1],
  [8, 4],
  [8, 1],
  [6, 4],
  [8, 6],
];

/** The patterns laid over the colours, in turn; classes of the first turn have none. */
const PATTERNS = LINES.flatMap(([period, width]) =>
  WEAVES.map((weave) => ({ weave, period, width })),
);

/** A pixel of a picture. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * The paint of a class at a pixel. Seven classes have a colour; no more are safe with every colour vision.
 * Each further seven have the same colours under another pattern of black lines, which lightness alone
 * shows, so that all 255 classes that a label map can hold look different.
 */
export function paintOf(classIndex: number, { x, y }: Place): Vec3 {
  const turn = Math.floor((classIndex - 1) / COLOURS.length);
  const pattern = PATTERNS[turn - 1];
  if (pattern !== undefined) {
    const { weave, period, width } = pattern;
    if (weave(x, y, period) < width) return LINE;
  }
  return COLOURS[(classIndex - 1) % COLOURS.length] as Vec3;
}
