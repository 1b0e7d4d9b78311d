import type { Vec3 } from '../geometry/vector.js';
import { countByClass } from './class-figures.js';
import { paintOf } from './class-paint.js';
import { filled, type Overlay } from './overlay.js';
import { drawText, LINE_PIXELS, textWidth } from './pixel-font.js';
import type { Picture } from './png.js';

/** A label map's values are bytes. */
const MOST_CLASSES = 256;
const SWATCH_PIXELS = 14;
const GAP_PIXELS = 8;
const WHITE: Vec3 = [255, 255, 255];
/** Brightness behind a filled swatch: that of middling tissue. */
const SWATCH_GREY = 96;

/** A piece of a legend's line: a swatch before its text, or the text alone. */
interface Entry {
  readonly text: string;
  readonly classIndex?: number;
}

export interface Legend {
  readonly lines: readonly (readonly Entry[])[];
  readonly heightPixels: number;
}

/** What every colour that is drawn, fill and outline mean, in lines that fit the width. */
export function legendOf(overlay: Overlay, classes: readonly string[], width: number): Legend {
  const { label, prediction } = overlay;
  const counts = [label, prediction].map((map) => countByClass(map?.data ?? new Uint8Array()));
  const drawn = Array.from({ length: MOST_CLASSES }, (_, index) => index).filter(
    (index) => index > 0 && counts.some((voxels) => voxels[index] !== 0),
  );
  const named = drawn.map((classIndex) => {
    return { classIndex, text: classes[classIndex] ?? `class ${classIndex}` };
  });
  const signs = [
    ...(label === undefined ? [] : ['label: filled']),
    ...(prediction === undefined ? [] : ['prediction: outline']),
  ];
  const entries: Entry[] = [...named, ...(named.length > 0 ? signs.map((text) => ({ text })) : [])];
  const lines = wrapped(entries, width);
  return { lines, heightPixels: lines.length * LINE_PIXELS };
}

export function drawLegend(picture: Picture, top: number, { lines }: Legend): void {
  for (const [line, entries] of lines.entries()) {
    let x = GAP_PIXELS;
    const y = top + line * LINE_PIXELS;
    for (const entry of entries) {
      const { classIndex } = entry;
      if (classIndex !== undefined) drawSwatch(picture, { x, y }, classIndex);
      drawText(picture, { x: x + swatchWidth(entry), y }, entry.text, WHITE);
      x += entryWidth(entry);
    }
  }
}

function wrapped(entries: readonly Entry[], width: number): Entry[][] {
  const lines: Entry[][] = [];
  let left = 0;
  for (const entry of entries) {
    const needed = entryWidth(entry);
    if (needed > left) {
      lines.push([]);
      left = width - GAP_PIXELS;
    }
    lines.at(-1)?.push(entry);
    left -= needed;
  }
  return lines;
}

function swatchWidth({ classIndex }: Entry): number {
  return classIndex === undefined ? 0 : SWATCH_PIXELS + GAP_PIXELS;
}

function entryWidth(entry: Entry): number {
  return swatchWidth(entry) + textWidth(entry.text) + 2 * GAP_PIXELS;
}

/** Filled as a label is, with the outline of a prediction. */
function drawSwatch(
  { width, rgb }: Picture,
  { x, y }: { readonly x: number; readonly y: number },
  classIndex: number,
): void {
  for (let row = 0; row < SWATCH_PIXELS; row++) {
    for (let column = 0; column < SWATCH_PIXELS; column++) {
      const isEdge = [row, column].some((each) => each < 2 || each >= SWATCH_PIXELS - 2);
      const place = { x: x + column, y: y + row };
      const colour = isEdge ? paintOf(classIndex, place) : filled(SWATCH_GREY, classIndex, place);
      rgb.set(colour, 3 * (place.y * width + place.x));
    }
  }
}
