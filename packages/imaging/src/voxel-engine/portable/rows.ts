/** Per output index along a row: where in the source it reads. Offsets are in the flat array. */
export interface RowTable {
  readonly lowOffset: Int32Array;
  /** From the low one to the high one: the source's step along the row, 0 where it has one voxel. */
  readonly step: number;
  /** Weight of the high one. */
  readonly weight: Float64Array;
}

// Loops of their own, with nothing captured: the compiler keeps their variables in registers.

/** @param at where in the plane the row starts; an array of each row's own would cost as much as its values */
export function blendRow(
  low: Float64Array,
  high: Float64Array,
  weight: number,
  begin: number,
  end: number,
  plane: Float64Array,
  at: number,
): void {
  for (let i = begin, to = at + begin; i < end; i++, to++) {
    plane[to] = low[i]! + (high[i]! - low[i]!) * weight;
  }
}

/** A whole plane, rounded to the volume's float32. */
export function blendPlane(
  low: Float64Array,
  high: Float64Array,
  weight: number,
  plane: Float32Array,
): void {
  const { length } = plane;
  for (let at = 0; at < length; at++) plane[at] = low[at]! + (high[at]! - low[at]!) * weight;
}

export function interpolateRow(
  input: Float32Array,
  offset: number,
  { lowOffset, step, weight }: RowTable,
  begin: number,
  end: number,
  row: Float64Array,
): void {
  for (let i = begin; i < end; i++) {
    const at = offset + lowOffset[i]!;
    const low = input[at]!;
    row[i] = low + (input[at + step]! - low) * weight[i]!;
  }
}
