import type { LabelMap } from '../geometry/grid.js';

/** By which voxels hang together: at faces; at edges too; at corners too. */
export type Neighbours = 6 | 18 | 26;

/** Voxels that hang together. */
export interface Components {
  /** Voxels of each. */
  readonly sizes: readonly number[];
  /** Whether each has a voxel at the border of the volume. */
  readonly atBorder: readonly boolean[];
  /** For each run of voxels along x, in the order of the data: where it begins and ends, and its component's number. */
  forEachRun(visit: (from: number, to: number, component: number) => void): void;
}

/**
 * Labels the components of some values: runs along x are joined with those of the rows before (Rosenfeld and Pfaltz,
 * Journal of the ACM 13, 1966). Takes memory by the number of runs. Components are numbered as they begin in the data.
 */
export function componentsOf(
  { shape, data }: LabelMap,
  isIn: (value: number) => boolean,
  neighbours: Neighbours = 26,
): Components {
  const [nx, ny, nz] = shape;
  const runs: Run[] = [];
  /** Of each row, its first run. */
  const rows = [0];
  for (let row = 0; row < ny * nz; row++) {
    const begin = row * nx;
    for (let x = 0; x < nx; ) {
      while (x < nx && !isIn(data[begin + x] as number)) x++;
      const from = x;
      while (x < nx && isIn(data[begin + x] as number)) x++;
      if (from < x) runs.push({ row, from, to: x, parent: runs.length });
    }
    rows.push(runs.length);
    const [y, z] = [row % ny, Math.floor(row / ny)];
    for (const [dy, dz, reach] of EARLIER_ROWS[neighbours]) {
      const [otherY, otherZ] = [y + dy, z + dz];
      if (otherY < 0 || otherY >= ny || otherZ < 0) continue;
      joinRows(runs, rows, row, otherY + ny * otherZ, reach);
    }
  }
  return numbered(runs, shape);
}

interface Run {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  /** An earlier run of the same component, or itself. */
  parent: number;
}

/** Rows that come earlier, by y and z, and how far apart along x runs of them may end and begin. */
const EARLIER_ROWS: Readonly<Record<Neighbours, readonly (readonly [number, number, 0 | 1])[]>> = {
  6: [
    [-1, 0, 0],
    [0, -1, 0],
  ],
  18: [
    [-1, 0, 1],
    [-1, -1, 0],
    [0, -1, 1],
    [1, -1, 0],
  ],
  26: [
    [-1, 0, 1],
    [-1, -1, 1],
    [0, -1, 1],
    [1, -1, 1],
  ],
};

/** Joins runs of two rows that share an x, or with a reach of 1 come next to each other. */
function joinRows(
  runs: Run[],
  rows: readonly number[],
  row: number,
  other: number,
  reach: 0 | 1,
): void {
  let a = rows[row] as number;
  let b = rows[other] as number;
  const [lastA, lastB] = [rows[row + 1] as number, rows[other + 1] as number];
  while (a < lastA && b < lastB) {
    const [one, two] = [runs[a] as Run, runs[b] as Run];
    if (one.from < two.to + reach && two.from < one.to + reach) join(runs, a, b);
    if (one.to < two.to) a++;
    else b++;
  }
}

function join(runs: Run[], a: number, b: number): void {
  const [one, two] = [rootOf(runs, a), rootOf(runs, b)];
  (runs[Math.max(one, two)] as Run).parent = Math.min(one, two);
}

function rootOf(runs: readonly Run[], index: number): number {
  let at = index;
  for (;;) {
    const run = runs[at] as Run;
    if (run.parent === at) return at;
    // Halves the way for whoever comes next.
    run.parent = (runs[run.parent] as Run).parent;
    at = run.parent;
  }
}

function numbered(runs: readonly Run[], [nx, ny, nz]: LabelMap['shape']): Components {
  const numbers = new Map<number, number>();
  const sizes: number[] = [];
  const atBorder: boolean[] = [];
  const components = Int32Array.from(runs, ({ row, from, to }, index) => {
    const root = rootOf(runs, index);
    const number = numbers.get(root) ?? sizes.length;
    numbers.set(root, number);
    const [y, z] = [row % ny, Math.floor(row / ny)];
    const touches = from === 0 || to === nx || y === 0 || y === ny - 1 || z === 0 || z === nz - 1;
    sizes[number] = (sizes[number] ?? 0) + to - from;
    atBorder[number] = (atBorder[number] ?? false) || touches;
    return number;
  });
  return {
    sizes,
    atBorder,
    forEachRun: (visit) => {
      for (const [index, { row, from, to }] of runs.entries()) {
        visit(row * nx + from, row * nx + to, components[index] as number);
      }
    },
  };
}
