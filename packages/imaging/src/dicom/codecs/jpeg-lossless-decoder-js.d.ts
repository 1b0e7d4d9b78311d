/** Its package names a declaration file that it does not ship. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    readonly frame: { readonly dimX: number; readonly dimY: number; readonly numComp: number };
    /** Its next byte: beyond the last where it went on reading nothing. */
    readonly stream: { readonly index: number };
    /** Rows that are decoded whole. */
    readonly yLoc: number;
    decode(buffer: ArrayBuffer, offset: number, length: number): Uint8Array | Uint16Array;
  }
}
