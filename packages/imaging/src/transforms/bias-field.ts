import type { Random } from '@fedvox/base';
import type { Grid, Volume } from '../geometry/grid.js';

/** Coefficient of P_a(x)·P_b(y)·P_c(z), with a + b + c at most the degree. */
export interface BiasTerm {
  readonly orders: readonly [number, number, number];
  readonly coefficient: number;
}

/** Terms with coefficients drawn evenly from 0 to `maxCoefficient`. */
export function randomBiasTerms(
  degree: number,
  maxCoefficient: number,
  random: Random,
): BiasTerm[] {
  const terms: BiasTerm[] = [];
  for (let a = 0; a <= degree; a++) {
    for (let b = 0; a + b <= degree; b++) {
      for (let c = 0; a + b + c <= degree; c++) {
        terms.push({ orders: [a, b, c], coefficient: random.uniform() * maxCoefficient });
      }
    }
  }
  return terms;
}

/**
 * Multiplies by exp of the terms' sum, each axis running from −1 to 1: the slow shading of an MR coil
 * (MONAI's `RandBiasField`).
 */
export function withBiasField(image: Volume, terms: readonly BiasTerm[]): Volume {
  const degree = Math.max(0, ...terms.flatMap(({ orders }) => orders));
  const [x, y, z] = image.shape.map((size) => legendreTable(size, degree)) as [
    ...[number[][], number[][], number[][]],
  ];
  const data = new Float32Array(image.data.length);
  const [nx, ny, nz] = image.shape;
  let at = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const alongX = coefficientsAlongX(terms, degree, y[j] as number[], z[k] as number[]);
      for (let i = 0; i < nx; i++, at++) {
        const basis = x[i] as number[];
        const field = alongX.reduce((sum, each, order) => sum + each * (basis[order] as number), 0);
        data[at] = (image.data[at] as number) * Math.exp(field);
      }
    }
  }
  return { ...image, data };
}

/** On one row only P_a(x) varies: what multiplies it. */
function coefficientsAlongX(
  terms: readonly BiasTerm[],
  degree: number,
  y: readonly number[],
  z: readonly number[],
): number[] {
  const sums = new Array<number>(degree + 1).fill(0);
  for (const { orders, coefficient } of terms) {
    const [a, b, c] = orders;
    sums[a]! += coefficient * y[b]! * z[c]!;
  }
  return sums;
}

/** Legendre polynomials of order 0 to `degree` at `size` points from −1 to 1 (Bonnet's recursion). */
function legendreTable(size: Grid['shape'][number], degree: number): number[][] {
  return Array.from({ length: size }, (_, index) => {
    const at = size === 1 ? -1 : -1 + (2 * index) / (size - 1);
    const values = [1, at];
    for (let n = 1; n < degree; n++) {
      values.push(((2 * n + 1) * at * values[n]! - n * values[n - 1]!) / (n + 1));
    }
    return values;
  });
}
