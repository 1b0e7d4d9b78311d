import { writeFileDurably } from '@fedvox/base/system';
import { drawLegend, legendOf } from './legend.js';
import type { Plane } from './patient-view.js';
import { encodePng, halved, type Picture } from './png.js';
import { drawSlice, type SheetContent, sceneOf, sliceAt, VIEW_PIXELS } from './scene.js';
import { drawSideMarks, type PixelArea } from './side-marks.js';
import type { PaintedScan } from './slice-painter.js';

const GAP_PIXELS = 4;
const CELL_PIXELS = VIEW_PIXELS + GAP_PIXELS;
/** Rows of the sheet. */
const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal'];
/** Columns of the sheet: at these parts of the way through the scan, or through its label. */
const DEPTHS: readonly number[] = [0.1, 0.3, 0.5, 0.7, 0.9];
const SHEET_DOT_PIXELS = 2;
const THUMBNAIL_DOT_PIXELS = 1;

/** Where pictures of a scan are written: a sheet, a small one, or both. */
export interface PicturePaths {
  readonly png?: string;
  readonly thumbnail?: string;
}

export async function writePictures(paths: PicturePaths, content: SheetContent): Promise<void> {
  const { png, thumbnail } = paths;
  if (png === undefined && thumbnail === undefined) return;
  const scene = sceneOf(content);
  if (png !== undefined) {
    await writeFileDurably(png, encodePng(sheetOf(scene, content.classes)));
  }
  if (thumbnail !== undefined) await writeFileDurably(thumbnail, encodePng(thumbnailOf(scene)));
}

/**
 * A picture on which a person sees whether a scan is upright and its label where it should be: axial,
 * coronal and sagittal slices in the radiological convention of `patientView`, the patient's sides
 * marked, the label filled, a prediction outlined, and a legend.
 */
export function contactSheet(content: SheetContent): Picture {
  return sheetOf(sceneOf(content), content.classes);
}

/** The slices through the middle, 160 × 160 pixels: axial, beside it coronal, sagittal below. */
export function thumbnail(content: SheetContent): Picture {
  return thumbnailOf(sceneOf(content));
}

function sheetOf(scene: PaintedScan, classes: readonly string[] = []): Picture {
  const width = DEPTHS.length * CELL_PIXELS + GAP_PIXELS;
  const legend = legendOf(scene.overlay, classes, width);
  const slicesHeight = PLANES.length * CELL_PIXELS + GAP_PIXELS;
  const picture = blank(width, slicesHeight + legend.heightPixels);
  for (const [row, plane] of PLANES.entries()) {
    for (const [column, depth] of DEPTHS.entries()) {
      const cell = { x: GAP_PIXELS + column * CELL_PIXELS, y: GAP_PIXELS + row * CELL_PIXELS };
      const slice = sliceAt(scene, plane, depth);
      const box = drawSlice(picture, cell, scene, slice);
      drawSideMarks(picture, box, slice.view.letters, SHEET_DOT_PIXELS);
    }
  }
  drawLegend(picture, slicesHeight, legend);
  return picture;
}

/** Drawn at twice its size and halved, which smooths it; the letters afterwards, to stay sharp. */
function thumbnailOf(scene: PaintedScan): Picture {
  const side = CELL_PIXELS + VIEW_PIXELS;
  const large = blank(side, side);
  const drawn = PLANES.map((plane, place) => {
    const cell = { x: (place % 2) * CELL_PIXELS, y: Math.floor(place / 2) * CELL_PIXELS };
    const slice = sliceAt(scene, plane, 0.5);
    return { box: drawSlice(large, cell, scene, slice), letters: slice.view.letters };
  });
  const small = halved(large);
  for (const { box, letters } of drawn) {
    drawSideMarks(small, halvedBox(box), letters, THUMBNAIL_DOT_PIXELS);
  }
  return small;
}

function blank(width: number, height: number): Picture {
  return { width, height, rgb: new Uint8Array(3 * width * height) };
}

function halvedBox({ x, y, width, height }: PixelArea): PixelArea {
  const [left, top] = [Math.floor(x / 2), Math.floor(y / 2)];
  return { x: left, y: top, width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
}
