/** Its package names a declaration file that it does not ship. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    readonly frame: { readonly dimX: number; readonly dimY: number; readonly numComp: number };
    decode(buffer: ArrayBuffer, offset: number, length: number): Uint8Array | Uint16Array;
  }
}
