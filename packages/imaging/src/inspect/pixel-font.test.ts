import { describe, expect, it } from 'vitest';
import { drawText, LINE_PIXELS, textWidth } from './pixel-font.js';

/** The upper left dot of each square of pixels, a line of text as rows of dots. */
function dotsOf(text: string): string[] {
  const width = textWidth(text);
  const rgb = new Uint8Array(3 * width * LINE_PIXELS);
  drawText({ width, height: LINE_PIXELS, rgb }, { x: 0, y: 0 }, text, [255, 0, 0]);
  return Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: width / 2 }, (_, column) =>
      rgb[3 * (2 * row * width + 2 * column)] === 255 ? '#' : '.',
    ).join(''),
  );
}

describe('text in a picture', () => {
  it('is upright and reads from the left', () => {
    expect(dotsOf('L7')).toEqual([
      '#.....#####.',
      '#.........#.',
      '#.........#.',
      '#........#..',
      '#.......#...',
      '#......#....',
      '#####.#.....',
      '............',
    ]);
  });

  it('shows a question mark for what it has no sign for', () => {
    expect(dotsOf('ü')).toEqual(dotsOf('?'));
  });
});
