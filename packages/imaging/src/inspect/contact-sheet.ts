import { writeFileDurably } from '@fedvox/base';
import { type Grid, type LabelMap, spacingMm, type Volume } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { percentiles } from '../transforms/intensity.js';
import { toRas } from '../transforms/orient.js';
import { gridAtSpacing } from '../transforms/resample.js';
import { sampleLinear, sampleNearest } from '../transforms/sampling.js';
import { drawLegend, legendOf } from './legend.js';
import { type Overlay, pixelColour } from './overlay.js';
import { encodePng, type Picture } from './png.js';

/** Longest side of one view, in pixels. */
const VIEW_PIXELS = 160;
const GAP_PIXELS = 4;
/** Columns of the sheet: at these parts of the way through the scan, or through its label. */
const DEPTHS: readonly number[] = [0.1, 0.3, 0.5, 0.7, 0.9];
/** Brightness runs between these percentiles, so that a few hot voxels do not blacken the rest. */
const WINDOW_PERCENTILES: readonly number[] = [1, 99];

/** Rows of the sheet, as radiologists look: from the feet, from the front, from the patient's left. */
const VIEWS: readonly View[] = [
  { across: 0, up: 1, through: 2 },
  { across: 0, up: 2, through: 1 },
  { across: 1, up: 2, through: 0 },
];

/** World axes of RAS+. The positive end of `across` is at the left edge, that of `up` at the top. */
interface View {
  readonly across: 0 | 1 | 2;
  readonly up: 0 | 1 | 2;
  readonly through: 0 | 1 | 2;
}

/** A scan with what a person and a model drew of it, all on its grid. */
export interface SheetContent {
  readonly image: Volume;
  readonly label?: LabelMap | undefined;
  readonly prediction?: LabelMap | undefined;
  /** Names of the classes, background first. */
  readonly classes?: readonly string[];
}

/**
 * Writes a picture on which a person sees whether a scan is upright and its label where it should be:
 * axial, coronal and sagittal slices, the label filled, a prediction outlined, and a legend. Axial
 * slices are seen from the feet, the nose up and the patient's right at the left edge; sagittal ones
 * with the nose at the left.
 */
export async function writeContactSheet(path: string, content: SheetContent): Promise<void> {
  await writeFileDurably(path, encodePng(contactSheet(content)));
}

export function contactSheet({ image, label, prediction, classes = [] }: SheetContent): Picture {
  const upright = toRas(image);
  const grid = squareGrid(upright);
  const shown = sampleLinear(upright, grid, 'edge');
  const onGrid = (map: LabelMap | undefined) =>
    map === undefined ? undefined : sampleNearest(toRas(map), grid, 'edge');
  const overlay = { label: onGrid(label), prediction: onGrid(prediction) };
  const window = percentiles(shown.data, WINDOW_PERCENTILES) as [number, number];
  const cell = Math.max(...grid.shape) + GAP_PIXELS;
  const width = DEPTHS.length * cell + GAP_PIXELS;
  const legend = legendOf(overlay, classes, width);
  const slicesHeight = VIEWS.length * cell + GAP_PIXELS;
  const height = slicesHeight + legend.heightPixels;
  const picture = { width, height, rgb: new Uint8Array(3 * width * height) };
  for (const [row, view] of VIEWS.entries()) {
    for (const [column, depth] of DEPTHS.entries()) {
      const slice = sliceAt(grid, overlay, view, depth);
      const corner = { x: GAP_PIXELS + column * cell, y: GAP_PIXELS + row * cell };
      drawSlice(picture, corner, shown, overlay, view, slice, window);
    }
  }
  drawLegend(picture, slicesHeight, legend);
  return picture;
}

/** The scan at equal spacing on all axes, its longest side as long as a view. */
function squareGrid(image: Volume): Grid {
  const extentMm = image.shape.map((size, axis) => size * (spacingMm(image)[axis] as number));
  const spacing = Math.max(...extentMm) / VIEW_PIXELS;
  return gridAtSpacing(image, [spacing, spacing, spacing]);
}

/** Index of the slice at a part of the way through what is labelled or predicted, or through everything. */
function sliceAt(grid: Grid, drawn: Overlay, { through }: View, depth: number): number {
  const ranges = [drawn.label, drawn.prediction].flatMap((map) =>
    map === undefined ? [] : (labelledRange(map, through) ?? []),
  );
  const ends = ranges.length > 0 ? ranges : [0, grid.shape[through] - 1];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  return Math.round(first + depth * (last - first));
}

function labelledRange({ data, shape }: LabelMap, axis: 0 | 1 | 2): [number, number] | undefined {
  const stride = [1, shape[0], shape[0] * shape[1]][axis] as number;
  let [first, last] = [shape[axis], -1];
  for (let at = 0; at < data.length; at++) {
    if (data[at] === 0) continue;
    const index = Math.floor(at / stride) % shape[axis];
    first = Math.min(first, index);
    last = Math.max(last, index);
  }
  return last < 0 ? undefined : [first, last];
}

function drawSlice(
  { width, rgb }: Picture,
  corner: { readonly x: number; readonly y: number },
  image: Volume,
  overlay: Overlay,
  { across, up, through }: View,
  slice: number,
  [low, high]: readonly [number, number],
): void {
  const { shape } = image;
  const strides: Vec3 = [1, shape[0], shape[0] * shape[1]];
  for (let y = 0; y < shape[up]; y++) {
    for (let x = 0; x < shape[across]; x++) {
      const i = shape[across] - 1 - x;
      const j = shape[up] - 1 - y;
      const at = i * strides[across] + j * strides[up] + slice * strides[through];
      const brightness = (255 * ((image.data[at] as number) - low)) / (high - low || 1);
      const grey = Math.min(Math.max(Math.round(brightness), 0), 255);
      const colour = pixelColour(grey, overlay, at, [
        i > 0 ? -strides[across] : 0,
        i < shape[across] - 1 ? strides[across] : 0,
        j > 0 ? -strides[up] : 0,
        j < shape[up] - 1 ? strides[up] : 0,
      ]);
      rgb.set(colour, 3 * ((corner.y + y) * width + corner.x + x));
    }
  }
}
