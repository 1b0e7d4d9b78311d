/** How samples are stored (PS3.3 C.7.6.3.1). */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16 | 32;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** MONOCHROME1: low values are shown bright. No value is another for it. */
  readonly inverted: boolean;
}

/** Bytes of one frame stored as plain samples. */
export function frameByteCount({ rows, columns, bitsAllocated }: PixelFormat): number {
  return (rows * columns * bitsAllocated) / 8;
}
