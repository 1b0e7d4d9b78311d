import type { Random } from '@fedvox/base';
import type { Volume } from '../geometry/grid.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { FieldTerm, VoxelEngine } from '../voxel-engine/voxel-engine.js';

/** Terms with a + b + c at most the degree, and coefficients drawn evenly from 0 to `maxCoefficient`. */
export function randomBiasTerms(
  degree: number,
  maxCoefficient: number,
  random: Random,
): FieldTerm[] {
  const terms: FieldTerm[] = [];
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
 * Multiplies by exp of the terms' sum over products of Legendre polynomials, each axis running from −1 to 1: the
 * slow shading of an MR coil (MONAI's `RandBiasField`).
 */
export function withBiasField(
  image: Volume,
  terms: readonly FieldTerm[],
  voxels: VoxelEngine = portableVoxels,
): Volume {
  const orders = 1 + Math.max(0, ...terms.flatMap((term) => term.orders));
  const [nx, ny, nz] = image.shape;
  const table = (size: number) => legendreTable(size, orders);
  const tables = [table(nx), table(ny), table(nz)] as const;
  return { ...image, data: voxels.shaded(image, { tables, orders, terms }) };
}

/** Legendre polynomials of as many orders, from 0, at `size` points from −1 to 1 (Bonnet's recursion). */
function legendreTable(size: number, orders: number): Float64Array {
  const values = Array.from({ length: size }, (_, index) => {
    const at = size === 1 ? -1 : -1 + (2 * index) / (size - 1);
    const ofPoint = [1, at];
    for (let n = 1; n + 1 < orders; n++) {
      ofPoint.push(((2 * n + 1) * at * ofPoint[n]! - n * ofPoint[n - 1]!) / (n + 1));
    }
    return ofPoint.slice(0, orders);
  });
  return Float64Array.from(values.flat());
}
