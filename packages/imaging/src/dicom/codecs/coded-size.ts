/** Size of an image as its code stream declares it, read before a codec is let loose on it. */
export interface CodedSize {
  readonly rows: number;
  readonly columns: number;
  readonly bitsPerSample: number;
  readonly components: number;
  /** Parts that are coded each by itself: more than one in JPEG 2000 alone. */
  readonly tiles: number;
}

const SOI = 0xffd8;
const SOC = 0xff4f;
const SIZ = 0xff51;
const SOS = 0xffda;
/** Frame headers: baseline, extended, progressive, lossless (ITU-T T.81 B.2.2), JPEG-LS (T.87 C.2.2). */
const FRAME_HEADERS: readonly number[] = [0xffc0, 0xffc1, 0xffc2, 0xffc3, 0xfff7];

/** The declared size of a JPEG, JPEG-LS or JPEG 2000 code stream; `undefined` if there is none. */
export function codedSize(bytes: Uint8Array): CodedSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4) return undefined;
  if (view.getUint16(0) === SOC) return jpeg2000Size(view);
  if (view.getUint16(0) === SOI) return jpegSize(view);
  return undefined;
}

/** Walks the marker segments up to the frame header. */
function jpegSize(view: DataView): CodedSize | undefined {
  for (let at = 2; at + 10 <= view.byteLength; ) {
    const marker = view.getUint16(at);
    if (FRAME_HEADERS.includes(marker)) {
      return {
        bitsPerSample: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
        tiles: 1,
      };
    }
    if (marker < 0xff00 || marker === SOS) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** SIZ follows SOC at once (ITU-T T.800 A.5.1). */
function jpeg2000Size(view: DataView): CodedSize | undefined {
  if (view.byteLength < 43 || view.getUint16(2) !== SIZ) return undefined;
  const along = (at: number) => {
    const [end, start, tile, firstTile] = [0, 8, 16, 24].map((step) => view.getUint32(at + step));
    return { pixels: end! - start!, tiles: Math.ceil((end! - firstTile!) / tile!) };
  };
  const [x, y] = [along(8), along(12)];
  return {
    columns: x.pixels,
    rows: y.pixels,
    bitsPerSample: (view.getUint8(42) & 0x7f) + 1,
    components: view.getUint16(40),
    tiles: x.tiles * y.tiles,
  };
}
