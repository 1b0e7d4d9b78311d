import { assert } from '@fedvox/base';
import type { Vec3 } from './vector.js';

/** Row-major 4×4 as 16 numbers; a volume's maps voxel index (i, j, k) to RAS+ millimetres. */
export type Affine = readonly number[];

export const IDENTITY: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** The affine whose columns are the steps along i, j and k, and the position of voxel (0, 0, 0). */
export function affineFromColumns(i: Vec3, j: Vec3, k: Vec3, origin: Vec3): Affine {
  const rows = ([0, 1, 2] as const).map((row) => [i[row], j[row], k[row], origin[row]]);
  return [...rows.flat(), 0, 0, 0, 1];
}

/** Column 0–2: the step along that axis. Column 3: the origin. */
export function column(affine: Affine, index: 0 | 1 | 2 | 3): Vec3 {
  return [at(affine, index), at(affine, 4 + index), at(affine, 8 + index)];
}

export function multiply(a: Affine, b: Affine): Affine {
  const product = new Array<number>(16).fill(0);
  for (let row = 0; row < 4; row++) {
    for (let col = 0; col < 4; col++) {
      for (let inner = 0; inner < 4; inner++) {
        product[4 * row + col]! += at(a, 4 * row + inner) * at(b, 4 * inner + col);
      }
    }
  }
  return product;
}

/** Determinant of the 3×3 part: signed volume of a voxel. */
export function determinant(affine: Affine): number {
  const [a, b, c, , d, e, f, , g, h, i] = affine as unknown as number[];
  return a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) + c! * (d! * h! - e! * g!);
}

/** Whether every entry is finite, the last row is (0, 0, 0, 1), and no two axes fall together. */
export function isUsable(affine: Affine): boolean {
  if (affine.length !== 16 || !affine.every(Number.isFinite)) return false;
  const [, , , , , , , , , , , , w0, w1, w2, w3] = affine;
  if (w0 !== 0 || w1 !== 0 || w2 !== 0 || w3 !== 1) return false;
  const lengths = ([0, 1, 2] as const).map((axis) => Math.hypot(...column(affine, axis)));
  const volume = lengths.reduce((product, each) => product * each, 1);
  return volume > 0 && Math.abs(determinant(affine)) > 1e-6 * volume;
}

/** Inverse of an affine that `isUsable` accepts. */
export function invert(affine: Affine): Affine {
  const [a, b, c, x, d, e, f, y, g, h, i, z] = affine as unknown as [
    ...[number, number, number, number, number, number],
    ...[number, number, number, number, number, number],
  ];
  const det = determinant(affine);
  assert(det !== 0 && Number.isFinite(det), 'an affine to invert is not singular');
  const inverse3 = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((cofactor) => cofactor / det));
  const rows = inverse3.map(([p, q, r]) => [p!, q!, r!, -(p! * x + q! * y + r! * z)]);
  return [...rows.flat(), 0, 0, 0, 1];
}

/** The affine applied to a point. */
export function apply(affine: Affine, point: Vec3): Vec3 {
  const [x, y, z] = point;
  const row = (r: number) =>
    at(affine, 4 * r) * x +
    at(affine, 4 * r + 1) * y +
    at(affine, 4 * r + 2) * z +
    at(affine, 4 * r + 3);
  return [row(0), row(1), row(2)];
}

/** The same grid with its first voxel moved to index `offset` of the old one. */
export function shifted(affine: Affine, offset: Vec3): Affine {
  const [x, y, z] = apply(affine, offset);
  return affine.map((value, index) =>
    index === 3 ? x : index === 7 ? y : index === 11 ? z : value,
  );
}

/** DICOM's LPS+ to RAS+: the first two world axes negated. The only place where this happens. */
export function lpsToRas(affineLps: Affine): Affine {
  return affineLps.map((value, index) => (index < 8 && value !== 0 ? -value : value));
}

/** RAS+ to DICOM's LPS+: the same negation, which is its own inverse. */
export const rasToLps = lpsToRas;

function at(affine: Affine, index: number): number {
  return affine[index] as number;
}
