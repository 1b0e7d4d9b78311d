/** A closed outline in pixel coordinates: pixel (i, j) has its centre at exactly (i, j). */
export type Outline = readonly (readonly [x: number, y: number, ...rest: number[]])[];

/**
 * Visits the pixels whose centres lie inside an odd number of the outlines: one inside another is a
 * hole. Row by row, the borders that cross a row switch between outside and inside.
 * @param visit called with i + nx · j
 */
export function forEachEnclosedPixel(
  outlines: readonly Outline[],
  nx: number,
  ny: number,
  visit: (pixel: number) => void,
): void {
  const crossings = crossingsByRow(outlines, ny);
  for (let j = 0; j < ny; j++) {
    const row = (crossings[j] as number[]).sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < row.length; pair += 2) {
      const first = Math.max(0, Math.ceil(row[pair] as number));
      for (let i = first; i < (row[pair + 1] as number) && i < nx; i++) visit(i + nx * j);
    }
  }
}

/** For each row, the x of every edge that crosses it. An edge owns its lower end, not its upper one. */
function crossingsByRow(outlines: readonly Outline[], ny: number): number[][] {
  const rows = Array.from({ length: ny }, (): number[] => []);
  for (const outline of outlines) {
    for (const [index, end] of outline.entries()) {
      const start = outline.at(index - 1) as Outline[number];
      // From the lower end up, whichever way the outline runs, so that rounding is the same too.
      const [[x0, y0], [x1, y1]] = start[1] < end[1] ? [start, end] : [end, start];
      for (let j = Math.max(0, Math.ceil(y0)); j < Math.min(ny, Math.ceil(y1)); j++) {
        (rows[j] as number[]).push(x0 + ((j - y0) / (y1 - y0)) * (x1 - x0));
      }
    }
  }
  return rows;
}
