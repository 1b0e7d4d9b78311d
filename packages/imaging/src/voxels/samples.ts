/** A data type that holds one grey value a voxel. */
export interface SampleType {
  readonly name: string;
  readonly bytes: 1 | 2 | 4 | 8;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
}

/** By NIfTI's `datatype` code (nifti1.h); NRRD names the same types. Colour, complex and 128-bit types are not here. */
export const SAMPLE_TYPES: Readonly<Record<number, SampleType>> = {
  2: { name: 'uint8', bytes: 1, read: (view, at) => view.getUint8(at) },
  4: { name: 'int16', bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  8: { name: 'int32', bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  16: { name: 'float32', bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  64: { name: 'float64', bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  256: { name: 'int8', bytes: 1, read: (view, at) => view.getInt8(at) },
  512: { name: 'uint16', bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  768: { name: 'uint32', bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  1024: {
    name: 'int64',
    bytes: 8,
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
  },
  1280: {
    name: 'uint64',
    bytes: 8,
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
  },
};

export interface SampleEncoding {
  readonly type: SampleType;
  readonly littleEndian: boolean;
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Decodes samples that arrive in pieces cut anywhere, straight into their place: no second copy of
 * the voxels is held.
 */
export class SampleSink {
  private filled = 0;
  /** Bytes of a sample whose rest is in the next piece. */
  private carry: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly encoding: SampleEncoding,
    private readonly values: Float32Array,
  ) {}

  get isFull(): boolean {
    return this.filled === this.values.length;
  }

  push(piece: Uint8Array): void {
    const bytes = this.carry.length === 0 ? piece : Buffer.concat([this.carry, piece]);
    const { type, littleEndian, slope, intercept } = this.encoding;
    const available = Math.floor(bytes.length / type.bytes);
    const count = Math.min(available, this.values.length - this.filled);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let index = 0; index < count; index++) {
      const stored = type.read(view, index * type.bytes, littleEndian);
      this.values[this.filled + index] = slope * stored + intercept;
    }
    this.filled += count;
    this.carry = bytes.slice(available * type.bytes);
  }
}
