/**
 * The loops that averaging spends its time in, as WebAssembly with 128-bit vectors: two float64 at once, in
 * the order and with the roundings of the plain loops (`plain-kernels.ts`), so that both give the same bits.
 * WebAssembly 2.0 has no fused multiply-add, which would round once where a loop rounds twice.
 *
 * The module is small enough to be written out here; section and instruction names are those of the
 * WebAssembly core specification 2.0, chapter 5 (binary format).
 */

/** What the loops of the module take at once: four vectors of four float32. Areas are as long as a multiple. */
export const VALUES_AT_ONCE = 16;
const VECTOR_BYTES = 16;
const PAGE_BYTES = 65_536;

const I32 = 0x7f;
const F64 = 0x7c;
const V128 = 0x7b;
const NOTHING = 0x40;

const section = (id: number, ...items: readonly number[][]) => {
  const body = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(body.length), ...body];
};
const functionType = (parameters: readonly number[]) => [
  0x60,
  ...unsigned(parameters.length),
  ...parameters,
  0,
];
const exported = (name: string, kind: 'function' | 'memory', index: number) => [
  ...unsigned(name.length),
  ...Array.from(name, (letter) => letter.charCodeAt(0)),
  kind === 'function' ? 0 : 2,
  index,
];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const i32Const = (value: number) => [0x41, ...signed(value)];
const I32_ADD = [0x6a];
const I32_LESS = [0x49];
const simd = (code: number) => [0xfd, ...unsigned(code)];
const load = (offset: number) => [...simd(0x00), 4, ...unsigned(offset)];
const store = (offset: number) => [...simd(0x0b), 4, ...unsigned(offset)];
const f64Splat = simd(0x14);
const f64Add = simd(0xf0);
const f64Multiply = simd(0xf2);
const f64Divide = simd(0xf3);
/** The lower two of four float32 as two float64. */
const promoteLow = simd(0x5f);
const lowOfUpperHalf = [...simd(0x0d), ...[0, 0].flatMap(() => [8, 9, 10, 11, 12, 13, 14, 15])];
const and = simd(0x4e);
const largerUnsigned = simd(0xb9);
const allButSigns = [...simd(0x0c), ...[0, 0, 0, 0].flatMap(() => [0xff, 0xff, 0xff, 0x7f])];

const VECTORS = [0, 1, 2, 3];

/** Runs `body` while the pointer in `local`, moved on by `step` after each turn, is below that in `end`. */
const loop = (body: readonly number[], local: number, step: number, end: number) => [
  ...[0x03, NOTHING],
  ...body,
  ...[...get(local), ...i32Const(step), ...I32_ADD, ...tee(local)],
  ...[...get(end), ...I32_LESS, 0x0d, 0, 0x0b],
];
const moveOn = (local: number, step: number) => [
  ...get(local),
  ...i32Const(step),
  ...I32_ADD,
  ...set(local),
];
const code = (vectors: number, instructions: readonly number[]) => {
  const locals = vectors === 0 ? [0] : [1, ...unsigned(vectors), V128];
  const body = [...locals, ...instructions, 0x0b];
  return [...unsigned(body.length), ...body];
};

/** `addScaled(sum, values, valuesEnd, weight)`: `sum[i] += weight * values[i]`, in float64. */
function addScaled(): number[] {
  const [sum, values, end, weight, weights, four] = [0, 1, 2, 3, 4, 5];
  const add = (offset: number, two: readonly number[]) => [
    ...get(sum),
    ...[...get(sum), ...load(offset)],
    ...[...get(weights), ...two, ...promoteLow, ...f64Multiply],
    ...[...f64Add, ...store(offset)],
  ];
  const turn = VECTORS.flatMap((at) => [
    ...[...get(values), ...load(at * VECTOR_BYTES), ...set(four)],
    ...add(2 * at * VECTOR_BYTES, get(four)),
    ...add((2 * at + 1) * VECTOR_BYTES, [...get(four), ...get(four), ...lowOfUpperHalf]),
  ]);
  return code(2, [
    ...[...get(weight), ...f64Splat, ...set(weights)],
    ...loop([...turn, ...moveOn(sum, 8 * VECTOR_BYTES)], values, 4 * VECTOR_BYTES, end),
  ]);
}

/** `divide(sum, sumEnd, total)`: `sum[i] /= total`, in float64. */
function divide(): number[] {
  const [sum, end, total, totals] = [0, 1, 2, 3];
  const turn = VECTORS.flatMap((at) => [
    ...get(sum),
    ...[...get(sum), ...load(at * VECTOR_BYTES), ...get(totals), ...f64Divide],
    ...store(at * VECTOR_BYTES),
  ]);
  return code(1, [
    ...[...get(total), ...f64Splat, ...set(totals)],
    ...loop(turn, sum, 4 * VECTOR_BYTES, end),
  ]);
}

/**
 * `magnitudes(values, valuesEnd, out)`: into four words at `out`, of which the largest is the largest of
 * |values[i]| in the bits of a float32. Without their signs, floats are in order as whole numbers are, with
 * infinity above all that are finite and what is no number above that.
 */
function magnitudes(): number[] {
  const [values, end, out] = [0, 1, 2];
  const largest = (at: number) => 3 + at;
  const turn = VECTORS.flatMap((at) => [
    ...get(largest(at)),
    ...[...get(values), ...load(at * VECTOR_BYTES), ...allButSigns, ...and],
    ...[...largerUnsigned, ...set(largest(at))],
  ]);
  const pair = (a: number, b: number) => [
    ...get(largest(a)),
    ...get(largest(b)),
    ...largerUnsigned,
  ];
  return code(VECTORS.length, [
    ...loop(turn, values, 4 * VECTOR_BYTES, end),
    ...[...get(out), ...pair(0, 1), ...pair(2, 3), ...largerUnsigned, ...store(0)],
  ]);
}

/** The module, with so much memory of its own. */
export function kernelModule(memoryBytes: number): Uint8Array {
  const pages = Math.ceil(memoryBytes / PAGE_BYTES);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      functionType([I32, I32, I32, F64]),
      functionType([I32, I32, F64]),
      functionType([I32, I32, I32]),
    ),
    ...section(3, [0], [1], [2]),
    ...section(5, [0, ...unsigned(pages)]),
    ...section(
      7,
      exported('memory', 'memory', 0),
      exported('addScaled', 'function', 0),
      exported('divide', 'function', 1),
      exported('magnitudes', 'function', 2),
    ),
    ...section(10, addScaled(), divide(), magnitudes()),
  ]);
}

/** LEB128, as every number of the format is written. */
function unsigned(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isWhole = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40);
  return isWhole ? [low] : [low | 0x80, ...signed(rest)];
}
