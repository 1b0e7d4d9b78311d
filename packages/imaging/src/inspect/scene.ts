import { type Grid, type LabelMap, spacingMm, type Volume } from '../geometry/grid.js';
import { sampleLinear, sampleNearest } from '../transforms/grid-sampling.js';
import { percentiles } from '../transforms/intensity.js';
import { gridAtSpacing, rectangularGrid } from '../transforms/resample.js';
import { type Plane, patientView } from './patient-view.js';
import type { Picture } from './png.js';
import type { PixelArea } from './side-marks.js';
import {
  greysOf,
  type PaintedScan,
  paintSlice,
  type ShownSlice,
  sizeOf,
  stridesOf,
} from './slice-painter.js';

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
export function sceneOf({ image, label, prediction }: SheetContent): PaintedScan {
  const grid = pixelGrid(image);
  const shown = sampleLinear(image, grid, 'edge');
  const onGrid = (map: LabelMap | undefined) =>
    map === undefined ? undefined : sampleNearest(map, grid, 'edge');
  const window = percentiles(shown.data, WINDOW_PERCENTILES) as [number, number];
  return {
    ...grid,
    greyAt: greysOf(shown, window),
    overlay: { label: onGrid(label), prediction: onGrid(prediction) },
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
export function sliceAt(scene: PaintedScan, plane: Plane, depth: number): ShownSlice {
  const { overlay, shape } = scene;
  const view = patientView(scene, plane);
  const { axis, isReversed } = view.through;
  const ranges = [overlay.label, overlay.prediction].flatMap((map) =>
    map === undefined ? [] : (labelledRange(map, axis) ?? []),
  );
  const ends = ranges.length > 0 ? ranges : [0, shape[axis] - 1];
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
  picture: Picture,
  cell: { readonly x: number; readonly y: number },
  scene: PaintedScan,
  slice: ShownSlice,
): PixelArea {
  const { columns, rows } = sizeOf(scene.shape, slice.view);
  const box = boxIn(cell, columns, rows);
  paintSlice(picture, box, scene, slice);
  return box;
}

function boxIn(cell: { readonly x: number; readonly y: number }, width: number, height: number) {
  const x = cell.x + Math.floor((VIEW_PIXELS - width) / 2);
  const y = cell.y + Math.floor((VIEW_PIXELS - height) / 2);
  return { x, y, width, height };
}
