import { fail } from '../errors.js';
import { affineFromColumns, lpsToRas } from '../geometry/affine.js';
import type { Grid } from '../geometry/grid.js';
import { MAX_VOXELS, voxelCount } from '../geometry/grid.js';
import { add, cross, distance, dot, length, scale, subtract } from '../geometry/vector.js';
import type { Frame } from './frame.js';
import { oneVolume, type VolumeChoice } from './separate-volumes.js';

/** Frames of one geometry in the order of their positions, and the grid that they fill. */
export interface Stack {
  /** Frame k holds the voxels (·, ·, k). */
  readonly frames: readonly Frame[];
  readonly grid: Grid;
  /** Angle between the slice steps and the slices' normal: 0 but for a tilted gantry. */
  readonly tiltDegrees: number;
}

export interface AssembledSeries {
  readonly stack: Stack;
  /** Slices of another geometry that share the series: localizers. They are not in the stack. */
  readonly stray: readonly Frame[];
}

/** Positions are written with few decimals: steps may differ by 1 %, but never by 0.1 mm. */
const STEP_TOLERANCE = 0.01;
const MIN_STEP_TOLERANCE_MM = 0.01;
const MAX_STEP_TOLERANCE_MM = 0.1;
/** Directions and spacings that differ less than this are the same. */
const SAME_COSINE = 1e-3;
const SAME_SPACING = 1e-3;
/** Sideways drift of a whole stack that rounding can explain; more is a tilted gantry. */
const MAX_DRIFT_MM = 0.05;
const MAX_DRIFT = 1e-3;
/** A stack this small beside a larger one is a localizer. */
const MAX_STRAY_SLICES = 2;

/**
 * Turns the frames of one series into a volume's geometry: groups them, orders them by position,
 * and refuses what is not one evenly spaced stack. `what` names the series in errors.
 * @param choice the volume that is meant where several share all positions
 * @throws FedvoxError `single-slice`, `mixed-orientations`, `mixed-geometry`,
 *   `mixed-frames-of-reference`, `several-volumes`, `duplicate-positions`, `missing-slice`,
 *   `uneven-spacing`, `too-large`
 */
export function assembleSeries(
  what: string,
  frames: readonly Frame[],
  choice: VolumeChoice = {},
): AssembledSeries {
  const stacks = groupByGeometry(frames).sort((a, b) => b.length - a.length);
  const [largest, ...others] = stacks;
  if (largest === undefined || frames.length < 2) throw fail('single-slice', { what });
  const othersAreStray = others.every((stack) => stack.length <= MAX_STRAY_SLICES);
  if (others.length > 0 && (!othersAreStray || largest.length <= MAX_STRAY_SLICES)) {
    const sameOrientation = others.every(([frame]) => isParallel(frame!, largest[0]!));
    const name = sameOrientation ? 'mixed-geometry' : 'mixed-orientations';
    throw fail(name, { what, stacks: stacks.length });
  }
  return { stack: stackOf(what, largest, choice), stray: others.flat() };
}

function groupByGeometry(frames: readonly Frame[]): Frame[][] {
  const stacks: Frame[][] = [];
  for (const frame of frames) {
    const home = stacks.find(([first]) => isSameGeometry(first!, frame));
    if (home === undefined) stacks.push([frame]);
    else home.push(frame);
  }
  return stacks;
}

function isSameGeometry(a: Frame, b: Frame): boolean {
  return (
    a.format.rows === b.format.rows &&
    a.format.columns === b.format.columns &&
    Math.abs(a.rowSpacingMm / b.rowSpacingMm - 1) < SAME_SPACING &&
    Math.abs(a.columnSpacingMm / b.columnSpacingMm - 1) < SAME_SPACING &&
    isParallel(a, b)
  );
}

function isParallel(a: Frame, b: Frame): boolean {
  return (
    distance(a.rowDirectionLps, b.rowDirectionLps) < SAME_COSINE &&
    distance(a.columnDirectionLps, b.columnDirectionLps) < SAME_COSINE
  );
}

function stackOf(what: string, unordered: readonly Frame[], choice: VolumeChoice): Stack {
  const [reference] = unordered as [Frame];
  const framesOfReference = new Set(unordered.map((frame) => frame.frameOfReferenceUid));
  if (framesOfReference.size > 1) {
    throw fail('mixed-frames-of-reference', { what, count: framesOfReference.size });
  }
  const normal = cross(reference.rowDirectionLps, reference.columnDirectionLps);
  const heightMm = (frame: Frame) => dot(frame.positionLps, normal);
  const ordered = unordered.toSorted((a, b) => heightMm(a) - heightMm(b));
  const frames = oneVolume(what, ordered, heightMm, isSamePlace, choice);
  checkSteps(what, frames, frames.map(heightMm));

  const first = frames[0] as Frame;
  const last = frames.at(-1) as Frame;
  const path = subtract(last.positionLps, first.positionLps);
  const step = scale(path, 1 / (frames.length - 1));
  checkStraight(what, frames, step);
  const drift = length(subtract(path, scale(normal, dot(path, normal))));
  const isTilted = drift > Math.max(MAX_DRIFT_MM, MAX_DRIFT * length(path));

  const grid: Grid = {
    shape: [first.format.columns, first.format.rows, frames.length],
    affineRas: lpsToRas(
      affineFromColumns(
        scale(first.rowDirectionLps, first.columnSpacingMm),
        scale(first.columnDirectionLps, first.rowSpacingMm),
        step,
        first.positionLps,
      ),
    ),
  };
  const voxels = voxelCount(grid);
  if (voxels > MAX_VOXELS) throw fail('too-large', { what, voxels, limit: MAX_VOXELS });
  const tiltDegrees = isTilted ? (Math.asin(drift / length(path)) * 180) / Math.PI : 0;
  return { frames, grid, tiltDegrees };
}

function isSamePlace(aMm: number, bMm: number): boolean {
  return Math.abs(aMm - bMm) < MIN_STEP_TOLERANCE_MM;
}

/** Even steps, or the name of what they are instead. */
function checkSteps(what: string, frames: readonly Frame[], heightsMm: readonly number[]): void {
  const stepsMm = heightsMm.slice(1).map((height, index) => height - (heightsMm[index] as number));
  const typicalMm = median(stepsMm);
  const toleranceMm = stepToleranceMm(typicalMm);
  const uneven = stepsMm.filter((step) => Math.abs(step - typicalMm) > toleranceMm);
  if (uneven.length === 0) return;
  const isWholeGap = (step: number) => {
    const steps = Math.round(step / typicalMm);
    return steps >= 2 && Math.abs(step - steps * typicalMm) <= steps * toleranceMm;
  };
  if (uneven.every(isWholeGap)) {
    const missing = uneven.reduce((sum, step) => sum + Math.round(step / typicalMm) - 1, 0);
    const afterSlice = stepsMm.findIndex((step) => isWholeGap(step)) + 1;
    throw fail('missing-slice', { what, missing, afterSlice, slices: frames.length });
  }
  throw unevenSpacing(what, Math.min(...stepsMm), Math.max(...stepsMm));
}

/** Every slice must lie where even steps from the first one lead, sideways too. */
function checkStraight(what: string, frames: readonly Frame[], step: Frame['positionLps']): void {
  const origin = (frames[0] as Frame).positionLps;
  const stepMm = length(step);
  const toleranceMm = stepToleranceMm(stepMm);
  for (const [index, frame] of frames.entries()) {
    const offMm = distance(frame.positionLps, add(origin, scale(step, index)));
    if (offMm > toleranceMm) throw unevenSpacing(what, stepMm - offMm, stepMm + offMm);
  }
}

function stepToleranceMm(stepMm: number): number {
  return Math.min(Math.max(STEP_TOLERANCE * stepMm, MIN_STEP_TOLERANCE_MM), MAX_STEP_TOLERANCE_MM);
}

function unevenSpacing(what: string, minMm: number, maxMm: number): Error {
  return fail('uneven-spacing', { what, minMm: minMm.toFixed(3), maxMm: maxMm.toFixed(3) });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
