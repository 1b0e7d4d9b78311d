import type { Grid } from '../geometry/grid.js';
import { type Scan, storedValues } from '../geometry/stored-volume.js';
import type { Vec3 } from '../geometry/vector.js';
import { type Place, paintOf } from './class-paint.js';
import { type Overlay, tinted } from './overlay.js';
import type { PatientView, PictureAxis } from './patient-view.js';
import type { Picture } from './png.js';

/** What is drawn of a scan, and over it, on its grid. */
export interface PaintedScan extends Grid {
  /** Brightness of a voxel, 0 to 255. */
  readonly greyAt: (at: number) => number;
  readonly overlay: Overlay;
}

/** One slice, and how it is shown. */
export interface ShownSlice {
  readonly view: PatientView;
  /** Along the voxel axis that the view looks through. */
  readonly index: number;
}

/** Values that are shown black, and white. */
export type GreyWindow = readonly [low: number, high: number];

/** How a slice lies in the scan's voxels: pixel (x, y) is `origin + x * stepX + y * stepY`. */
interface SliceSteps {
  readonly origin: number;
  readonly stepX: number;
  readonly stepY: number;
}

const NUMBERS_OF_16_BIT = 2 ** 16;

/**
 * Paints a slice, a pixel for each voxel, with its left upper one at the corner: grey, filled where it is labelled, and
 * the prediction's outline over both. Nothing is made for a pixel: a slice has a quarter of a million.
 */
export function paintSlice(
  { width, rgb }: Picture,
  corner: Place,
  { shape, greyAt, overlay }: PaintedScan,
  { view, index }: ShownSlice,
): void {
  const { origin, stepX, stepY } = stepsOf(shape, view, index);
  const { columns, rows } = sizeOf(shape, view);
  const [labels, drawn] = [overlay.label?.data, overlay.prediction?.data];
  const place = { x: 0, y: 0 };
  for (let y = 0; y < rows; y++) {
    place.y = corner.y + y;
    for (let x = 0; x < columns; x++) {
      const at = origin + x * stepX + y * stepY;
      const grey = greyAt(at);
      place.x = corner.x + x;
      const pixel = 3 * (place.y * width + place.x);
      const labelled = labels === undefined ? 0 : (labels[at] as number);
      const predicted = drawn === undefined ? 0 : (drawn[at] as number);
      const isOutline =
        drawn !== undefined &&
        predicted !== 0 &&
        ((x > 0 && drawn[at - stepX] !== predicted) ||
          (x < columns - 1 && drawn[at + stepX] !== predicted) ||
          (y > 0 && drawn[at - stepY] !== predicted) ||
          (y < rows - 1 && drawn[at + stepY] !== predicted));
      if (isOutline) {
        rgb.set(paintOf(predicted, place), pixel);
      } else if (labelled !== 0) {
        const paint = paintOf(labelled, place);
        rgb[pixel] = tinted(grey, paint[0]);
        rgb[pixel + 1] = tinted(grey, paint[1]);
        rgb[pixel + 2] = tinted(grey, paint[2]);
      } else {
        rgb[pixel] = grey;
        rgb[pixel + 1] = grey;
        rgb[pixel + 2] = grey;
      }
    }
  }
}

/** A slice as a picture of its own. */
export function paintedSlice(scan: PaintedScan, slice: ShownSlice): Picture {
  const { columns, rows } = sizeOf(scan.shape, slice.view);
  const picture = { width: columns, height: rows, rgb: new Uint8Array(3 * columns * rows) };
  paintSlice(picture, { x: 0, y: 0 }, scan, slice);
  return picture;
}

/** Of what is stored in 16 bits, every brightness is worked out beforehand. */
export function greysOf(scan: Scan, window: GreyWindow): PaintedScan['greyAt'] {
  if (!('stored' in scan)) {
    const { data } = scan;
    return (at) => greyOf(data[at] as number, window);
  }
  const { stored } = scan;
  const numbers =
    stored instanceof Int16Array
      ? new Int16Array(NUMBERS_OF_16_BIT)
      : new Uint16Array(NUMBERS_OF_16_BIT);
  for (let bits = 0; bits < NUMBERS_OF_16_BIT; bits++) numbers[bits] = bits;
  const values = storedValues({ ...scan, stored: numbers });
  const greys = new Uint8Array(NUMBERS_OF_16_BIT);
  for (let at = 0; at < greys.length; at++) greys[at] = greyOf(values[at] as number, window);
  return (at) => greys[(stored[at] as number) & 0xffff] as number;
}

/** The voxel at a pixel of a slice. */
export function voxelAt(shape: Vec3, { view, index }: ShownSlice, { x, y }: Place): number {
  const { origin, stepX, stepY } = stepsOf(shape, view, index);
  return origin + x * stepX + y * stepY;
}

export function sizeOf(shape: Vec3, { rightwards, downwards }: PatientView) {
  return { columns: shape[rightwards.axis], rows: shape[downwards.axis] };
}

export function stridesOf([nx, ny]: Vec3): Vec3 {
  return [1, nx, nx * ny];
}

function stepsOf(shape: Vec3, view: PatientView, index: number): SliceSteps {
  const { rightwards, downwards, through } = view;
  const strides = stridesOf(shape);
  return {
    origin:
      index * strides[through.axis] +
      firstOf(rightwards, shape, strides) +
      firstOf(downwards, shape, strides),
    stepX: stepOf(rightwards, strides),
    stepY: stepOf(downwards, strides),
  };
}

function stepOf({ axis, isReversed }: PictureAxis, strides: Vec3): number {
  return isReversed ? -strides[axis] : strides[axis];
}

/** Where the voxel lies at which a picture's axis begins. */
function firstOf({ axis, isReversed }: PictureAxis, shape: Vec3, strides: Vec3): number {
  return isReversed ? (shape[axis] - 1) * strides[axis] : 0;
}

function greyOf(value: number, [low, high]: GreyWindow): number {
  const brightness = (255 * (value - low)) / (high - low || 1);
  return Math.min(Math.max(Math.round(brightness), 0), 255);
}
