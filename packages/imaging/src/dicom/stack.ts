import { fail } from '../errors.js';
import { affineFromColumns, isUsable, lpsToRas } from '../geometry/affine.js';
import { type Grid, MAX_VOXELS, voxelCount } from '../geometry/grid.js';
import { cross, distance, dot, length, scale, subtract, type Vec3 } from '../geometry/vector.js';
import { checkEven, typicalStepMm } from './even-grid.js';
import type { Frame } from './frame.js';
import { checkOneVolume, chosenFrames, type VolumeChoice } from './separate-volumes.js';

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

/** Directions and spacings that differ less than this are the same. */
const SAME_COSINE = 1e-3;
const SAME_SPACING = 1e-3;
/** Two slices nearer to each other than this part of a pixel are at one place. */
const SAME_PLACE_PIXEL = 0.02;
/** Sideways drift of a whole stack that rounding can explain; more is a tilted gantry. */
const MAX_DRIFT_PIXEL = 0.05;
const MAX_DRIFT = 1e-3;
/** A stack this small beside a larger one is a localizer. */
const MAX_STRAY_SLICES = 2;
/** Cosine between the normals of slices of one stack, one of which may be a little off. */
const MIN_LIKE_NORMAL = 0.9;

/**
 * Turns the frames of one series into a volume's geometry: groups them, orders them by position,
 * and refuses what is not one evenly spaced stack. `what` names the series in errors.
 * @param choice the volume that is meant where the series holds several
 * @throws FedvoxError `mixed-patients`, `single-slice`, `mixed-orientations`, `mixed-geometry`, `odd-slice`,
 *   `mixed-frames-of-reference`, `several-volumes`, `duplicate-positions`, `missing-slice`,
 *   `uneven-spacing`, `sideways-slice`, `unusable-header`, `too-large`
 */
export function assembleSeries(
  what: string,
  all: readonly Frame[],
  choice: VolumeChoice = {},
): AssembledSeries {
  checkOneOrigin(what, all);
  const frames = chosenFrames(what, all, choice);
  const stacks = groupByGeometry(frames).sort((a, b) => b.length - a.length);
  const [largest, ...others] = stacks;
  if (largest === undefined || frames.length < 2) throw fail('single-slice', { what });
  const othersAreStray = others.every((stack) => stack.length <= MAX_STRAY_SLICES);
  if (others.length > 0 && (!othersAreStray || largest.length <= MAX_STRAY_SLICES)) {
    const sameOrientation = others.every(([frame]) => isParallel(frame!, largest[0]!));
    const name = sameOrientation ? 'mixed-geometry' : 'mixed-orientations';
    throw fail(name, { what, stacks: stacks.length });
  }
  const stray = others.flat();
  checkNoneBelongs(what, stray, largest);
  return { stack: stackOf(what, largest), stray };
}

/** One series is of one patient and one study; a file that does not say is of those that the others say. */
function checkOneOrigin(what: string, frames: readonly Frame[]): void {
  const count = (keys: readonly (string | undefined)[]) =>
    new Set(keys.filter((key) => key !== undefined)).size;
  const patients = count(frames.map(({ patientKey }) => patientKey));
  const studies = count(frames.map(({ studyUid }) => studyUid));
  if (patients > 1 || studies > 1) throw fail('mixed-patients', { what, patients, studies });
}

/** A frame that would fill a place of the stack is no localizer but a slice that went wrong. */
function checkNoneBelongs(what: string, stray: readonly Frame[], stack: readonly Frame[]): void {
  const [usual] = stack as [Frame];
  const normal = normalOf(usual);
  const heightsMm = stack.map((frame) => dot(frame.positionLps, normal)).sort((a, b) => a - b);
  const stepMm = typicalStepMm(heightsMm);
  const [lowestMm, highestMm] = [heightsMm[0] as number, heightsMm.at(-1) as number];
  const belongs = stray.filter((frame) => {
    const heightMm = dot(frame.positionLps, normal);
    const isWithin = heightMm > lowestMm - 1.5 * stepMm && heightMm < highestMm + 1.5 * stepMm;
    const isFree = heightsMm.every((taken) => Math.abs(taken - heightMm) > 0.5 * stepMm);
    return isWithin && isFree && dot(normalOf(frame), normal) > MIN_LIKE_NORMAL;
  });
  const [odd] = belongs;
  if (odd === undefined) return;
  throw fail('odd-slice', { what, count: belongs.length, difference: difference(odd, usual) });
}

function difference(odd: Frame, usual: Frame): string {
  const matrix = ({ format }: Frame) => `a matrix of ${format.columns} × ${format.rows}`;
  const spacing = (frame: Frame) =>
    `a pixel spacing of ${frame.rowSpacingMm} × ${frame.columnSpacingMm} mm`;
  const isSame = (say: (frame: Frame) => string) => say(odd) === say(usual);
  const say = !isSame(matrix) ? matrix : !isSame(spacing) ? spacing : undefined;
  if (say === undefined) return 'another orientation than the others';
  return `${say(odd)}, where the others have ${say(usual)}`;
}

function normalOf({ rowDirectionLps, columnDirectionLps }: Frame): Vec3 {
  return cross(rowDirectionLps, columnDirectionLps);
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

function stackOf(what: string, unordered: readonly Frame[]): Stack {
  const [reference] = unordered as [Frame];
  const framesOfReference = new Set(unordered.map((frame) => frame.frameOfReferenceUid));
  if (framesOfReference.size > 1) {
    throw fail('mixed-frames-of-reference', { what, count: framesOfReference.size });
  }
  const normal = normalOf(reference);
  const heightMm = (frame: Frame) => dot(frame.positionLps, normal);
  const pixelMm = Math.min(reference.rowSpacingMm, reference.columnSpacingMm);
  const isSamePlace = (aMm: number, bMm: number) =>
    Math.abs(aMm - bMm) < SAME_PLACE_PIXEL * pixelMm;
  const frames = unordered.toSorted((a, b) => heightMm(a) - heightMm(b));
  checkOneVolume(what, frames, heightMm, isSamePlace);
  if (frames.length < 2) throw fail('single-slice', { what });
  const positions = frames.map(({ positionLps }) => positionLps);
  checkEven(what, positions, normal, pixelMm);

  const first = frames[0] as Frame;
  const last = frames.at(-1) as Frame;
  const path = subtract(last.positionLps, first.positionLps);
  const step = scale(path, 1 / (frames.length - 1));
  const drift = length(subtract(path, scale(normal, dot(path, normal))));
  const isTilted = drift > Math.max(MAX_DRIFT_PIXEL * pixelMm, MAX_DRIFT * length(path));

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
  if (!isUsable(grid.affineRas)) {
    const reason = 'its positions and spacings give no grid';
    throw fail('unusable-header', { path: first.path, reason });
  }
  const voxels = voxelCount(grid);
  if (voxels > MAX_VOXELS) throw fail('too-large', { what, voxels, limit: MAX_VOXELS });
  const tiltDegrees = isTilted ? (Math.asin(drift / length(path)) * 180) / Math.PI : 0;
  return { frames, grid, tiltDegrees };
}
