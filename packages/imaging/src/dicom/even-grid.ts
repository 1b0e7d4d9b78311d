import { fail } from '../errors.js';
import { add, dot, length, scale, subtract, type Vec3 } from '../geometry/vector.js';

/**
 * Slices lie on an even grid where none is further from it than this part of a step: whole-body PET has
 * joins of some hundredths of a millimetre where bed positions meet, which is no fault.
 */
const MAX_OFF_STEP = 0.05;
/** Sideways, as a part of a pixel. */
const MAX_OFF_PIXEL = 0.05;
/** Where more than this part of the steps are gaps, nothing is missing: the slices are not even. */
const MAX_GAPS = 1 / 3;

/**
 * Asserts that slices lie where even steps lead, by their distance from the even grid that fits them
 * best, or names what they are instead. One step longer than the next is no fault by itself.
 * @param positions of the slices' first pixels in mm, in their order along the normal, no two at one height
 * @param pixelMm the shorter side of a pixel
 * @throws FedvoxError `missing-slice`, `uneven-spacing`, `sideways-slice`
 */
export function checkEven(
  what: string,
  positions: readonly Vec3[],
  normal: Vec3,
  pixelMm: number,
): void {
  const heightsMm = positions.map((position) => dot(position, normal));
  const stepsMm = stepsOf(heightsMm);
  const indices = gridIndices(stepsMm);
  const { origin, step } = fit(positions, indices);
  const stepMm = dot(step, normal);
  const offs = positions.map((position, at) => {
    const off = subtract(position, add(origin, scale(step, indices[at] as number)));
    const alongMm = dot(off, normal);
    return { alongMm, sidewaysMm: length(subtract(off, scale(normal, alongMm))) };
  });
  const gaps = indices.filter((index, at) => at > 0 && index > (indices[at - 1] as number) + 1);
  const isEven = offs.every(({ alongMm }) => Math.abs(alongMm) <= MAX_OFF_STEP * stepMm);
  if (!isEven || gaps.length > MAX_GAPS * stepsMm.length) {
    const [minMm, maxMm] = [Math.min(...stepsMm), Math.max(...stepsMm)].map(rounded);
    throw fail('uneven-spacing', { what, minMm: minMm as number, maxMm: maxMm as number });
  }
  if (gaps.length > 0) {
    const slices = positions.length;
    const missing = (indices.at(-1) as number) + 1 - slices;
    const afterSlice = indices.findIndex((index, at) => index > at);
    throw fail('missing-slice', { what, missing, afterSlice, slices });
  }
  const worst = offs.reduce((a, b) => (b.sidewaysMm > a.sidewaysMm ? b : a));
  if (worst.sidewaysMm <= MAX_OFF_PIXEL * pixelMm) return;
  const offMm = rounded(worst.sidewaysMm);
  throw fail('sideways-slice', { what, slice: offs.indexOf(worst) + 1, offMm });
}

/** The step between two neighbours that most of them have, in mm. */
export function typicalStepMm(heightsMm: readonly number[]): number {
  return median(stepsOf(heightsMm));
}

function stepsOf(heightsMm: readonly number[]): number[] {
  return heightsMm.slice(1).map((height, at) => height - (heightsMm[at] as number));
}

/** Place of each slice on an even grid: one that a gap precedes leaves places free. */
function gridIndices(stepsMm: readonly number[]): number[] {
  const typicalMm = median(stepsMm);
  const indices = [0];
  for (const stepMm of stepsMm) {
    const places = Math.max(1, Math.round(stepMm / typicalMm));
    indices.push((indices.at(-1) as number) + places);
  }
  return indices;
}

/** Least squares: position ≈ origin + index · step. */
function fit(positions: readonly Vec3[], indices: readonly number[]): { origin: Vec3; step: Vec3 } {
  const count = positions.length;
  const middle = indices.reduce((sum, index) => sum + index, 0) / count;
  const centre = scale(positions.reduce(add), 1 / count);
  let moment: Vec3 = [0, 0, 0];
  let spread = 0;
  for (const [at, position] of positions.entries()) {
    const away = (indices[at] as number) - middle;
    moment = add(moment, scale(subtract(position, centre), away));
    spread += away * away;
  }
  const step = scale(moment, 1 / spread);
  return { origin: subtract(centre, scale(step, middle)), step };
}

function rounded(mm: number): number {
  return Number(mm.toPrecision(4));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
