import { crc32, deflateSync } from 'node:zlib';

/** A picture of 8-bit red, green and blue, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS_PER_SAMPLE = 8;
const COLOUR_RGB = 2;

/** PNG (W3C, third edition): one IDAT chunk, no filters. */
export function encodePng({ width, height, rgb }: Picture): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(BITS_PER_SAMPLE, 8);
  header.writeUInt8(COLOUR_RGB, 9);
  const rowBytes = 3 * width;
  const rows = Buffer.alloc(height * (rowBytes + 1)); // each row starts with its filter: 0, none
  for (let row = 0; row < height; row++) {
    rows.set(rgb.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A picture of even sides at half its size, each pixel the mean of four. */
export function halved({ width, height, rgb }: Picture): Picture {
  const half = new Uint8Array((3 * width * height) / 4);
  const rowBytes = 3 * width;
  for (let at = 0; at < half.length; at++) {
    const [pixel, part] = [Math.floor(at / 3), at % 3];
    const [x, y] = [pixel % (width / 2), Math.floor(pixel / (width / 2))];
    const from = 2 * y * rowBytes + 6 * x + part;
    const sum = [0, 3, rowBytes, rowBytes + 3].reduce(
      (total, step) => total + rgb[from + step]!,
      0,
    );
    half[at] = Math.round(sum / 4);
  }
  return { width: width / 2, height: height / 2, rgb: half };
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
