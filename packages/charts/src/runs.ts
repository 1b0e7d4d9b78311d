/** Neighbours that have a value each, by their places: a line is broken where one has none. */
export interface Run {
  readonly first: number;
  /** Behind the last one. */
  readonly end: number;
}

export function runsOf(values: readonly (object | number | null)[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < values.length; at++) {
    if (values[at] === null) continue;
    const first = at;
    while (at < values.length && values[at] !== null) at++;
    runs.push({ first, end: at });
  }
  return runs;
}
