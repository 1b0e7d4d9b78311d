/** What the values of a storage are, little-endian. */
export interface StorageType {
  /** PyTorch's name of it. */
  readonly name: string;
  readonly valueBytes: number;
  /** Whole numbers and truths: counts and positions, seldom weights. */
  readonly isWhole: boolean;
  /** @param bytes from the start of a buffer. @returns the nearest float32 to each */
  toFloat32(bytes: Uint8Array<ArrayBuffer>): Float32Array;
}

type Values = Iterable<number> & { readonly length: number };

function type(
  name: string,
  valueBytes: number,
  isWhole: boolean,
  view: (buffer: ArrayBuffer) => Values,
): StorageType {
  return { name, valueBytes, isWhole, toFloat32: ({ buffer }) => Float32Array.from(view(buffer)) };
}

const FLOAT32: StorageType = {
  ...{ name: 'float32', valueBytes: 4, isWhole: false },
  toFloat32: ({ buffer }) => new Float32Array(buffer),
};

/** By the name that a storage's class has in the module `torch`. */
export const STORAGE_TYPES: ReadonlyMap<string, StorageType> = new Map([
  ['FloatStorage', FLOAT32],
  ['DoubleStorage', type('float64', 8, false, (buffer) => new Float64Array(buffer))],
  ['HalfStorage', type('float16', 2, false, (buffer) => halves(new Uint16Array(buffer)))],
  ['BFloat16Storage', type('bfloat16', 2, false, (buffer) => upper(new Uint16Array(buffer)))],
  ['LongStorage', type('int64', 8, true, (buffer) => longs(new BigInt64Array(buffer)))],
  ['IntStorage', type('int32', 4, true, (buffer) => new Int32Array(buffer))],
  ['ShortStorage', type('int16', 2, true, (buffer) => new Int16Array(buffer))],
  ['CharStorage', type('int8', 1, true, (buffer) => new Int8Array(buffer))],
  ['ByteStorage', type('uint8', 1, true, (buffer) => new Uint8Array(buffer))],
  ['BoolStorage', type('bool', 1, true, (buffer) => truths(new Uint8Array(buffer)))],
]);

function longs(values: BigInt64Array): Float32Array {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < floats.length; i++) floats[i] = Number(values[i]);
  return floats;
}

function truths(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte === 0 ? 0 : 1));
}

/** A bfloat16 is the upper half of a float32. */
function upper(values: Uint16Array): Float32Array {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (values[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

function halves(values: Uint16Array): Float32Array {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < floats.length; i++) floats[i] = halfValue(values[i] as number);
  return floats;
}

/** IEEE 754's binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfValue(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1;
  const [exponent, fraction] = [(bits >>> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
