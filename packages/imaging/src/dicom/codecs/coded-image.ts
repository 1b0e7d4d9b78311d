/** What a codec makes of a frame: little-endian samples, one or two bytes each. */
export interface CodedImage {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly bytesPerSample: 1 | 2;
  readonly samples: Uint8Array;
}
