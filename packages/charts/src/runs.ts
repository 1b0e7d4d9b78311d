/** Neighbours that have a value each: a line is broken where one has none. */
export type Run<Value> = readonly { readonly index: number; readonly value: Value }[];

export function runsOf<Value>(values: readonly (Value | null)[]): Run<Value>[] {
  const runs: { index: number; value: Value }[][] = [];
  let run: { index: number; value: Value }[] | undefined;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      run = undefined;
      continue;
    }
    if (run === undefined) {
      run = [];
      runs.push(run);
    }
    run.push({ index, value });
  }
  return runs;
}
