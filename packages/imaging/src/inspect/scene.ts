import { type Grid, type LabelMap, spacingMm, type Volume } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { sampleLinear, sampleNearest } from '../transforms/grid-sampling.js';
import { percentiles } from '../transforms/intensity.js';
import { gridAtSpacing, rectangularGrid } from '../transforms/resample.js';
import { type Overlay, pixelColour } from './overlay.js';
import { type PatientView, type PictureAxis, type Plane, patientView } from './patient-view.js';
import type { Picture } from './png.js';
import type { PixelArea } from './side-marks.js';

/** Longest side of one view, in pixels: two of them and a gap of four are twice a thumbnail. */
export const VIEW_PIXELS = 158;
/** Brightness runs between these percentiles, so that a few hot voxels do not blacken the rest. */
const WINDOW_PERCENTILES: readonly number[] = [1, 99];

/** A scan with what a person and a model drew of it, all on its grid. */
export interface SheetContent {
  readonly image: Volume;
  readonly label?: LabelMap | undefined;
  readonly prediction?: LabelMap | undefined;
  /** Names of the classes, background first. */
  readonly classes?: readonly string[];
}

/** What is to be drawn, with voxels as large as pixels. */
export interface Scene {
  readonly image: Volume;
  readonly overlay: Overlay;
  readonly window: readonly [number, number];
}

/** One slice, and how it is shown. */
export interface SceneSlice {
  readonly view: PatientView;
  readonly index: number;
}

export function sceneOf({ image, label, prediction }: SheetContent): Scene {
  const grid = pixelGrid(image);
  const shown = sampleLinear(image, grid, 'edge');
  const onGrid = (map: LabelMap | undefined) =>
    map === undefined ? undefined : sampleNearest(map, grid, 'edge');
  return {
    image: shown,
    overlay: { label: onGrid(label), prediction: onGrid(prediction) },
    window: percentiles(shown.data, WINDOW_PERCENTILES) as [number, number],
  };
}

/** The rectangular grid of equal spacing on which the scan's longest side is as long as a view. */
function pixelGrid(image: Volume): Grid {
  const rectangular = rectangularGrid(image);
  const spacings = spacingMm(rectangular);
  const lengthsMm = rectangular.shape.map((size, axis) => (size - 1) * (spacings[axis] as number));
  const spacing = Math.max(...lengthsMm) / (VIEW_PIXELS - 1);
  return gridAtSpacing(rectangular, [spacing, spacing, spacing]);
}

/** The slice at a part of the way through what is labelled or predicted, or through everything. */
export function sliceAt({ image, overlay }: Scene, plane: Plane, depth: number): SceneSlice {
  const view = patientView(image, plane);
  const { axis, isReversed } = view.through;
  const ranges = [overlay.label, overlay.prediction].flatMap((map) =>
    map === undefined ? [] : (labelledRange(map, axis) ?? []),
  );
  const ends = ranges.length > 0 ? ranges : [0, image.shape[axis] - 1];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const along = depth * (last - first);
  return { view, index: Math.round(isReversed ? last - along : first + along) };
}

function labelledRange({ data, shape }: LabelMap, axis: 0 | 1 | 2): [number, number] | undefined {
  const stride = stridesOf(shape)[axis];
  let [first, last] = [shape[axis], -1];
  for (let at = 0; at < data.length; at++) {
    if (data[at] === 0) continue;
    const index = Math.floor(at / stride) % shape[axis];
    first = Math.min(first, index);
    last = Math.max(last, index);
  }
  return last < 0 ? undefined : [first, last];
}

/** Draws a slice in the middle of a square cell of a view's size; returns where it lies. */
export function drawSlice(
  { width, rgb }: Picture,
  cell: { readonly x: number; readonly y: number },
  { image, overlay, window }: Scene,
  { view, index }: SceneSlice,
): PixelArea {
  const { rightwards, downwards, through } = view;
  const strides = stridesOf(image.shape);
  const box = boxIn(cell, image.shape[rightwards.axis], image.shape[downwards.axis]);
  const [stepX, stepY] = [stepOf(rightwards, strides), stepOf(downwards, strides)];
  const origin =
    index * strides[through.axis] +
    firstOf(rightwards, image.shape, strides) +
    firstOf(downwards, image.shape, strides);
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const at = origin + x * stepX + y * stepY;
      const grey = greyOf(image.data[at] as number, window);
      const place = { x: box.x + x, y: box.y + y };
      const colour = pixelColour(grey, overlay, at, place, [
        x > 0 ? -stepX : 0,
        x < box.width - 1 ? stepX : 0,
        y > 0 ? -stepY : 0,
        y < box.height - 1 ? stepY : 0,
      ]);
      rgb.set(colour, 3 * (place.y * width + place.x));
    }
  }
  return box;
}

function boxIn(cell: { readonly x: number; readonly y: number }, width: number, height: number) {
  const x = cell.x + Math.floor((VIEW_PIXELS - width) / 2);
  const y = cell.y + Math.floor((VIEW_PIXELS - height) / 2);
  return { x, y, width, height };
}

function stridesOf([nx, ny]: Vec3): Vec3 {
  return [1, nx, nx * ny];
}

function stepOf({ axis, isReversed }: PictureAxis, strides: Vec3): number {
  return isReversed ? -strides[axis] : strides[axis];
}

/** Where the voxel lies at which a picture's axis begins. */
function firstOf({ axis, isReversed }: PictureAxis, shape: Vec3, strides: Vec3): number {
  return isReversed ? (shape[axis] - 1) * strides[axis] : 0;
}

function greyOf(value: number, [low, high]: readonly [number, number]): number {
  const brightness = (255 * (value - low)) / (high - low || 1);
  return Math.min(Math.max(Math.round(brightness), 0), 255);
}
