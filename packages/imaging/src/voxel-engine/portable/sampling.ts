import type { Affine } from '../../geometry/affine.js';
import { roundHalfEven } from '../../geometry/rounding.js';
import { type StoredVoxels, storedValues } from '../../geometry/stored-volume.js';
import type { Vec3 } from '../../geometry/vector.js';
import { voxelsLike } from '../gridded.js';
import type { Outside, VoxelArray, Voxels } from '../voxel-engine.js';
import { clamped, linearAt, nearestAt } from './points.js';
import { blendPlane, blendRow, interpolateRow, type RowTable } from './rows.js';
import { valueReader } from './slices.js';

/** `VoxelEngine.linear`. */
export function linear(
  source: VoxelArray<Float32Array> | StoredVoxels,
  indexOf: Affine,
  shape: Vec3,
  outside: Outside,
): Float32Array {
  const output = new Float32Array(shape[0] * shape[1] * shape[2]);
  const size = source.shape;
  const tables = axisTables(size, shape, indexOf);
  if (tables !== undefined) linearAlongAxes(source, shape, tables, outside, output);
  else {
    const input = 'stored' in source ? storedValues(source) : source.data;
    forEachPoint(shape, indexOf, (to, x, y, z) => {
      if (outside === 'edge' || isOn(size, x, y, z)) output[to] = linearAt(input, size, x, y, z);
    });
  }
  return output;
}

/** `VoxelEngine.nearest`. */
export function nearest<V extends Voxels>(
  source: VoxelArray<V>,
  indexOf: Affine,
  shape: Vec3,
  outside: Outside,
): V {
  const { data: input, shape: size } = source;
  const output = voxelsLike(source, shape[0] * shape[1] * shape[2]);
  const tables = axisTables(size, shape, indexOf);
  if (tables !== undefined) nearestAlongAxes(input, shape, tables, outside, output);
  else {
    forEachPoint(shape, indexOf, (to, x, y, z) => {
      if (outside === 'edge' || isOn(size, x, y, z)) output[to] = nearestAt(input, size, x, y, z);
    });
  }
  return output;
}

/** Per output index along one output axis: where in the source it reads. Offsets are in the flat array. */
interface AxisTable extends RowTable {
  readonly sourceAxis: 0 | 1 | 2;
  readonly nearestOffset: Int32Array;
  /** Output indices [begin, end) that lie on the source, its outer half voxels included. */
  readonly begin: number;
  readonly end: number;
}

type AxisTables = readonly [AxisTable, AxisTable, AxisTable];

/** Off-axis drift over the whole output that is rounding, in source voxels. */
const MAX_DRIFT_VOXELS = 1e-6;

/**
 * Tables for the usual case that each source axis depends on one output axis alone: then offsets and
 * weights are worked out once per axis and not once per voxel. `undefined` for oblique grids.
 */
function axisTables(source: Vec3, target: Vec3, indexOf: Affine): AxisTables | undefined {
  const axes = [0, 1, 2] as const;
  const sourceAxisOf: number[] = [];
  for (const row of axes) {
    const moving = axes.filter(
      (col) => Math.abs(indexOf[4 * row + col]!) * target[col] > MAX_DRIFT_VOXELS,
    );
    const [only] = moving;
    if (only === undefined || moving.length > 1 || sourceAxisOf[only] !== undefined)
      return undefined;
    sourceAxisOf[only] = row;
  }
  const strides = [1, source[0], source[0] * source[1]];
  return axes.map((axis) => {
    const row = sourceAxisOf[axis] as 0 | 1 | 2;
    const step = indexOf[4 * row + axis] as number;
    const first = indexOf[4 * row + 3] as number;
    const table = axisTable(target[axis], source[row], strides[row] as number, first, step);
    return { sourceAxis: row, ...table };
  }) as unknown as AxisTables;
}

function axisTable(
  count: number,
  sourceSize: number,
  stride: number,
  first: number,
  step: number,
): Omit<AxisTable, 'sourceAxis'> {
  const lowOffset = new Int32Array(count);
  const weight = new Float64Array(count);
  const nearestOffset = new Int32Array(count);
  let begin = count;
  let end = 0;
  for (let index = 0; index < count; index++) {
    const at = first + step * index;
    if (at >= -0.5 && at <= sourceSize - 0.5) {
      begin = Math.min(begin, index);
      end = index + 1;
    }
    const inside = clamped(at, sourceSize);
    const low = Math.min(Math.floor(inside), Math.max(0, sourceSize - 2));
    lowOffset[index] = low * stride;
    weight[index] = inside - low;
    nearestOffset[index] = roundHalfEven(inside) * stride;
  }
  return { lowOffset, step: sourceSize > 1 ? stride : 0, weight, nearestOffset, begin, end };
}

/**
 * One axis after the other: rows interpolated along x make planes, planes make the volume. Neighbours
 * share rows and planes, so each is worked out once and the last two are kept.
 */
function linearAlongAxes(
  source: VoxelArray<Float32Array> | StoredVoxels,
  [nx, ny, nz]: Vec3,
  [x, y, z]: AxisTables,
  outside: Outside,
  output: Float32Array,
): void {
  const [x0, x1] = outside === 'zero' ? [x.begin, x.end] : [0, nx];
  const [y0, y1] = outside === 'zero' ? [y.begin, y.end] : [0, ny];
  const [z0, z1] = outside === 'zero' ? [z.begin, z.end] : [0, nz];
  const valuesFrom = valueReader(source, z.sourceAxis === 2);
  // Made once and not for each slice: the compiler would give up on ever new functions.
  let slice = { start: 0, values: valuesFrom(0) };
  const rowAt = lastTwo(nx, (offset, row) =>
    interpolateRow(slice.values, offset - slice.start, x, x0, x1, row),
  );
  const planeAt = lastTwo(nx * ny, (start, plane) => {
    slice = { start, values: valuesFrom(start) };
    for (let j = y0; j < y1; j++) {
      const low = rowAt(start + y.lowOffset[j]!);
      const high = rowAt(start + y.lowOffset[j]! + y.step);
      blendRow(low, high, y.weight[j]!, x0, x1, plane, nx * j);
    }
  });
  for (let k = z0; k < z1; k++) {
    const low = planeAt(z.lowOffset[k]!);
    const high = planeAt(z.lowOffset[k]! + z.step);
    // What is not on the source is 0 in both, and stays it.
    blendPlane(low, high, z.weight[k]!, output.subarray(nx * ny * k, nx * ny * (k + 1)));
  }
}

/** Arrays by key, of which the two used last are kept; asking for a third makes it in the older one. */
function lastTwo(
  length: number,
  fill: (key: number, array: Float64Array) => void,
): (key: number) => Float64Array {
  let recent = { key: Number.NaN, array: new Float64Array(length) };
  let older = { key: Number.NaN, array: new Float64Array(length) };
  return (key) => {
    if (recent.key !== key) {
      [recent, older] = [older, recent];
      if (recent.key !== key) {
        fill(key, recent.array);
        recent.key = key;
      }
    }
    return recent.array;
  };
}

function nearestAlongAxes<V extends Voxels>(
  input: V,
  [nx, ny, nz]: Vec3,
  [x, y, z]: AxisTables,
  outside: Outside,
  output: V,
): void {
  const isBounded = outside === 'zero';
  const [x0, x1] = isBounded ? [x.begin, x.end] : [0, nx];
  const [y0, y1] = isBounded ? [y.begin, y.end] : [0, ny];
  const [z0, z1] = isBounded ? [z.begin, z.end] : [0, nz];
  for (let k = z0; k < z1; k++) {
    for (let j = y0; j < y1; j++) {
      const row = z.nearestOffset[k]! + y.nearestOffset[j]!;
      const to = nx * (j + ny * k);
      for (let i = x0; i < x1; i++) output[to + i] = input[row + x.nearestOffset[i]!]!;
    }
  }
}

/** Calls back with each output voxel and the source index at which it lies. */
function forEachPoint(
  [nx, ny, nz]: Vec3,
  m: Affine,
  visit: (to: number, x: number, y: number, z: number) => void,
): void {
  let to = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const x = m[1]! * j + m[2]! * k + m[3]!;
      const y = m[5]! * j + m[6]! * k + m[7]!;
      const z = m[9]! * j + m[10]! * k + m[11]!;
      for (let i = 0; i < nx; i++, to++) visit(to, x + m[0]! * i, y + m[4]! * i, z + m[8]! * i);
    }
  }
}

function isOn([sx, sy, sz]: Vec3, x: number, y: number, z: number): boolean {
  return x >= -0.5 && x <= sx - 0.5 && y >= -0.5 && y <= sy - 0.5 && z >= -0.5 && z <= sz - 0.5;
}
