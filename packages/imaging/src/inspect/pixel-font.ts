import type { Vec3 } from '../geometry/vector.js';
import type { Picture } from './png.js';

/** Each glyph is five columns of seven dots, the lowest bit on top: the usual one of dot-matrix displays. */
const GLYPH_COLUMNS = 5;
const GLYPH_ROWS = 8;
/** Dots are squares of this many pixels, unless the picture is a small one. */
const DOT_PIXELS = 2;
const FIRST_GLYPH = ' '.charCodeAt(0);
/** From the space to the tilde, a byte a column. */
const GLYPHS = Buffer.from(
  [
    '000000000000005f00000007000700147f147f14242a7f2a12231308646236495620500008070300',
    '001c2241000041221c002a1c7f1c2a08083e08080080703000080808080800006060002010080402',
    '3e5149453e00427f400072494949462141494d331814127f1027454545393c4a4949314121110907',
    '3649494936464949291e000014000000403400000008142241141414141400412214080201590906',
    '3e415d594e7c1211127c7f494949363e414141227f4141413e7f494949417f090909013e41415173',
    '7f0808087f00417f41002040413f017f081422417f404040407f021c027f7f0408107f3e4141413e',
    '7f090909063e4151215e7f09192946264949493203017f01033f4040403f1f2040201f3f4038403f',
    '631408146303047804036159494d43007f4141410204081020004141417f04020102044040404040',
    '000307080020545478407f284444383844444428384444287f385454541800087e090218a4a49c78',
    '7f0804047800447d40002040403d007f1028440000417f40007c047804787c080404783844444438',
    'fc1824241818242418fc7c08040408485454542404043f44243c4040207c1c2040201c3c4030403c',
    '44281028444c9090907c4464544c440008364100000077000000413608000201020402',
  ].join(''),
  'hex',
);

/** Width and height in pixels of a line of text. */
export const LINE_PIXELS = (GLYPH_ROWS + 2) * DOT_PIXELS;

export function textWidth(text: string, dotPixels = DOT_PIXELS): number {
  return text.length * (GLYPH_COLUMNS + 1) * dotPixels;
}

/** Height of a capital letter, which nothing of it hangs below. */
export function glyphHeight(dotPixels: number): number {
  return (GLYPH_ROWS - 1) * dotPixels;
}

/** Writes a line of text, what fits the picture; characters beyond ASCII become question marks. */
export function drawText(
  { width, height, rgb }: Picture,
  corner: { readonly x: number; readonly y: number },
  text: string,
  colour: Vec3,
  dotPixels = DOT_PIXELS,
): void {
  for (const [place, character] of [...text].entries()) {
    const glyph = glyphOf(character);
    for (let column = 0; column < GLYPH_COLUMNS * dotPixels; column++) {
      const dots = glyph[Math.floor(column / dotPixels)] as number;
      for (let row = 0; row < GLYPH_ROWS * dotPixels; row++) {
        if (((dots >> Math.floor(row / dotPixels)) & 1) === 0) continue;
        const x = corner.x + textWidth(' ', dotPixels) * place + column;
        const y = corner.y + row;
        const isInside = x >= 0 && x < width && y >= 0 && y < height;
        if (isInside) rgb.set(colour, 3 * (y * width + x));
      }
    }
  }
}

function glyphOf(character: string): Uint8Array {
  const at = (character.codePointAt(0) as number) - FIRST_GLYPH;
  const isKnown = at >= 0 && GLYPH_COLUMNS * (at + 1) <= GLYPHS.length;
  if (!isKnown) return glyphOf('?');
  return GLYPHS.subarray(GLYPH_COLUMNS * at, GLYPH_COLUMNS * (at + 1));
}
