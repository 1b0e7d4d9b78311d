import type { Vec3 } from '../geometry/vector.js';
import type { EdgeLetters } from './patient-view.js';
import { drawText, glyphHeight, textWidth } from './pixel-font.js';
import type { Picture } from './png.js';

const WHITE: Vec3 = [255, 255, 255];
const BLACK: Vec3 = [0, 0, 0];

/** Where a view lies in a picture, in pixels. */
export interface PixelArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Writes at the middle of each edge of a view which side of the patient is there: white with a black
 * rim, read on bone as on air. A view too thin for its letters has them beside it.
 */
export function drawSideMarks(
  picture: Picture,
  box: PixelArea,
  letters: EdgeLetters,
  dotPixels: number,
): void {
  const rim = dotPixels;
  const heightOfMark = glyphHeight(dotPixels);
  const widthOf = (mark: string) => textWidth(mark, dotPixels) - dotPixels;
  const middleX = (mark: string) => Math.round(box.x + (box.width - widthOf(mark)) / 2);
  const middleY = Math.round(box.y + (box.height - heightOfMark) / 2);
  const { left, right, top, bottom } = letters;
  const marks = Math.max(widthOf(left), widthOf(right));
  const insetX = box.width >= 3 * marks ? rim : -rim - marks;
  const insetY = box.height >= 3 * heightOfMark ? rim : -rim - heightOfMark;
  const placed = [
    { mark: left, x: box.x + insetX, y: middleY },
    { mark: right, x: box.x + box.width - insetX - widthOf(right), y: middleY },
    { mark: top, x: middleX(top), y: box.y + insetY },
    { mark: bottom, x: middleX(bottom), y: box.y + box.height - insetY - heightOfMark },
  ];
  for (const { mark, x, y } of placed) {
    for (const dx of [-1, 0, 1]) {
      for (const dy of [-1, 0, 1]) {
        drawText(picture, { x: x + dx, y: y + dy }, mark, BLACK, dotPixels);
      }
    }
    drawText(picture, { x, y }, mark, WHITE, dotPixels);
  }
}
