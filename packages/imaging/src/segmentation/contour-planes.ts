import { fail } from '../errors.js';
import type { Vec3 } from '../geometry/vector.js';

/** A contour in voxel coordinates of its series' volume. */
export interface VoxelContour {
  readonly points: readonly Vec3[];
  readonly isXor: boolean;
}

/** The contours of one plane. */
export interface ContourPlane {
  /** In slices from the first one; not a whole number where planes lie between slices. */
  readonly height: number;
  readonly contours: readonly VoxelContour[];
}

/** What a slice shows of a region: one plane, or what lies between two. */
export type SliceSource =
  | { readonly kind: 'plane'; readonly slice: number; readonly plane: ContourPlane }
  | {
      readonly kind: 'between';
      readonly slice: number;
      readonly below: ContourPlane;
      readonly above: ContourPlane;
    };

/** What is done where contours leave slices out one after the other (see `planSlices`). */
export type ContourGaps = 'refuse' | 'keep' | 'fill';

/** A contour lies in one plane within this part of a slice. */
const MAX_PLANE_HEIGHT = 0.5;
/** Contours nearer to each other than this part of the planes' usual step, or of a slice, share a plane. */
const SAME_PLANE = 0.25;
/** Heights that differ by less are written alike. */
const SAME_HEIGHT = 1e-6;
/** A plane just below the middle between two slices belongs to the upper one, as one in the middle does. */
const MIDDLE = 1e-3;
/** Planes this much further apart than slices leave some out. */
const MAX_PLANE_STEP = 1.05;

/**
 * The planes of a region, from the lowest.
 * @throws FedvoxError `label-grid-mismatch` for a contour that runs across slices
 */
export function planesOf(path: string, contours: readonly VoxelContour[]): ContourPlane[] {
  const planar = contours
    .map((contour) => ({ contour, height: heightOf(path, contour) }))
    .sort((a, b) => a.height - b.height);
  const samePlane = SAME_PLANE * Math.min(1, usualStep(planar.map(({ height }) => height)));
  const planes: { height: number; contours: VoxelContour[] }[] = [];
  for (const { contour, height } of planar) {
    const last = planes.at(-1);
    if (last !== undefined && height - last.height <= samePlane) last.contours.push(contour);
    else planes.push({ height, contours: [contour] });
  }
  return planes;
}

/**
 * What planes are apart, in slices, contours of one plane being some hundredths off each other: the upper
 * quartile of what sorted heights are apart. Contours that are all near each other are of one plane.
 */
function usualStep(heights: readonly number[]): number {
  const [lowest = 0, highest = 0] = [heights[0], heights.at(-1)];
  if (highest - lowest <= SAME_PLANE) return 1;
  const steps = heights
    .slice(1)
    .map((height, at) => height - (heights[at] as number))
    .filter((step) => step > SAME_HEIGHT)
    .sort((a, b) => a - b);
  return steps[Math.floor(0.75 * steps.length)] as number;
}

/**
 * Which plane each slice shows: the nearest of those within half a slice; two planes are never joined on
 * one. Where planes leave out slices between contours that lie above each other, so that the region would be
 * stripes, that is refused, kept as it is, or filled by interpolating the shape.
 * @throws FedvoxError `label-slice-missing`, `contours-skip-slices`
 */
export function planSlices(
  what: string,
  path: string,
  name: string,
  planes: readonly ContourPlane[],
  slices: number,
  gaps: ContourGaps,
): SliceSource[] {
  const nearest = new Map<number, ContourPlane>();
  for (const plane of planes) {
    const slice = Math.floor(plane.height + 0.5 + MIDDLE);
    if (slice < 0 || slice >= slices) throw fail('label-slice-missing', { path, what });
    const other = nearest.get(slice);
    const isNearer =
      other === undefined || Math.abs(plane.height - slice) < Math.abs(other.height - slice);
    if (isNearer) nearest.set(slice, plane);
  }
  const drawn = [...nearest].sort(([a], [b]) => a - b);
  const stepSlices = regularStep(planes);
  if (gaps === 'refuse' && stepSlices > MAX_PLANE_STEP && hasGap(drawn)) {
    throw fail('contours-skip-slices', {
      path,
      name,
      stepSlices: Number(stepSlices.toPrecision(3)),
    });
  }
  return drawn.flatMap(([slice, plane], at): SliceSource[] => {
    const here = { kind: 'plane', slice, plane } as const;
    const [nextSlice, above] = drawn[at + 1] ?? [slice, plane];
    if (gaps !== 'fill') return [here];
    const left = Array.from({ length: Math.max(0, nextSlice - slice - 1) }, (_, skipped) => ({
      kind: 'between' as const,
      slice: slice + 1 + skipped,
      below: plane,
      above,
    }));
    return [here, ...left];
  });
}

function heightOf(path: string, { points }: VoxelContour): number {
  let [lowest, highest, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const [, , k] of points) {
    lowest = Math.min(lowest, k);
    highest = Math.max(highest, k);
    sum += k;
  }
  if (highest - lowest > MAX_PLANE_HEIGHT) {
    throw fail('label-grid-mismatch', { path, reason: 'a contour runs across slices' });
  }
  return sum / points.length;
}

/**
 * The step, in slices, between planes whose contours lie above each other: the lower median. Contours beside
 * each other are of separate parts, between which nothing is left out.
 */
function regularStep(planes: readonly ContourPlane[]): number {
  const steps = planes
    .slice(1)
    .map((above, at) => ({ above, below: planes[at] as ContourPlane }))
    .filter(({ above, below }) => overlap(boxOf(above), boxOf(below)))
    .map(({ above, below }) => above.height - below.height)
    .sort((a, b) => a - b);
  return steps[(steps.length - 1) >> 1] ?? 0;
}

function hasGap(drawn: readonly (readonly [slice: number, plane: ContourPlane])[]): boolean {
  return drawn.some(([slice], at) => at > 0 && slice - (drawn[at - 1]?.[0] as number) > 1);
}

type Box = readonly [left: number, top: number, right: number, bottom: number];

function boxOf({ contours }: ContourPlane): Box {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { points } of contours) {
    for (const [x, y] of points) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return [left, top, right, bottom];
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
