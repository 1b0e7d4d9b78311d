/** A closed outline in pixel coordinates: pixel (i, j) has its centre at exactly (i, j). */
export type Outline = readonly (readonly [x: number, y: number, ...rest: number[]])[];

/**
 * Pixels, row by row from row 0: for each row the columns where they begin and end in turn, in order.
 * `[2, 5, 7, 8]` is the columns 2, 3, 4 and 7.
 */
export type Spans = readonly (readonly number[])[];

/**
 * The pixels whose centres lie inside an outline, where it crosses itself by the even-odd rule: the borders
 * that cross a row switch between outside and inside.
 */
export function enclosedSpans(outline: Outline, nx: number, ny: number): Spans {
  return crossingsByRow(outline, ny).map((crossings) =>
    withoutEmpty(
      crossings.map((x) => Math.min(nx, Math.max(0, Math.ceil(x)))).sort((a, b) => a - b),
    ),
  );
}

/** The pixels that are in an odd number of these. */
export function oddSpans(spans: readonly Spans[]): Spans {
  return byRow(spans, (ends) => withoutEmpty(ends.flat().sort((a, b) => a - b)));
}

/** The pixels that are in any of these. */
export function unitedSpans(spans: readonly Spans[]): Spans {
  return byRow(spans, (rows) => {
    const parts = rows.flatMap((row) =>
      Array.from({ length: row.length / 2 }, (_, at) => [row[2 * at]!, row[2 * at + 1]!] as const),
    );
    const united: number[] = [];
    for (const [start, end] of parts.sort(([a], [b]) => a - b)) {
      const last = united.at(-1);
      if (last === undefined || start > last) united.push(start, end);
      else if (end > last) united[united.length - 1] = end;
    }
    return united;
  });
}

/** How many pixels two have in common. */
export function commonPixels(a: Spans, b: Spans): number {
  let pixels = 0;
  for (const [j, row] of a.entries()) {
    const other = b[j] ?? [];
    for (let at = 0, beside = 0; at < row.length && beside < other.length; ) {
      const [end, otherEnd] = [row[at + 1] as number, other[beside + 1] as number];
      const start = Math.max(row[at] as number, other[beside] as number);
      pixels += Math.max(0, Math.min(end, otherEnd) - start);
      if (end < otherEnd) at += 2;
      else beside += 2;
    }
  }
  return pixels;
}

/** @param visit called with i + nx · j */
export function forEachPixel(spans: Spans, nx: number, visit: (pixel: number) => void): void {
  for (const [j, row] of spans.entries()) {
    for (let at = 0; at < row.length; at += 2) {
      for (let i = row[at] as number; i < (row[at + 1] as number); i++) visit(i + nx * j);
    }
  }
}

function byRow(
  spans: readonly Spans[],
  joined: (rows: readonly (readonly number[])[]) => readonly number[],
): Spans {
  const [first = []] = spans;
  return first.map((_, j) => joined(spans.map((each) => each[j] as readonly number[])));
}

/** Of sorted ends those that are left when equal ones cancel. */
function withoutEmpty(ends: readonly number[]): number[] {
  const left: number[] = [];
  for (const end of ends) {
    if (left.at(-1) === end) left.pop();
    else left.push(end);
  }
  return left;
}

/** For each row, the x of every edge that crosses it. An edge owns its lower end, not its upper one. */
function crossingsByRow(outline: Outline, ny: number): number[][] {
  const rows = Array.from({ length: ny }, (): number[] => []);
  for (const [index, end] of outline.entries()) {
    const start = outline.at(index - 1) as Outline[number];
    // From the lower end up, whichever way the outline runs, so that rounding is the same too.
    const [[x0, y0], [x1, y1]] = start[1] < end[1] ? [start, end] : [end, start];
    for (let j = Math.max(0, Math.ceil(y0)); j < Math.min(ny, Math.ceil(y1)); j++) {
      (rows[j] as number[]).push(x0 + ((j - y0) / (y1 - y0)) * (x1 - x0));
    }
  }
  return rows;
}
