// One process of a sweep: node sweeper.mjs SEED FIRST END float32|bfloat16. It says each shape before it computes
// it, so that a crash has a name; run.mjs reads what it says.
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convolutions } from './float64.mjs';
import { randomFrom, resultSize, shapeOf } from './shapes.mjs';

const [seed, first, end] = process.argv.slice(2, 5).map(Number);
const precision = process.argv[5];
const FLOAT32 = 6;
const TYPE = precision === 'bfloat16' ? 15 : FLOAT32;
/**
 * Of the sum of the products' magnitudes. Values are few bits long: products are exact in float32. Where the
 * processor has no bfloat16 instructions, libtorch rounds sums of some of the products on the way.
 */
const TOLERANCE = precision === 'bfloat16' ? 2 ** -6 : 1e-6;

const build = process.env.FEDVOX_TORCH_BUILD || fileURLToPath(new URL('../build', import.meta.url));
const native = createRequire(import.meta.url)(join(build, 'fedvox-torch.node'));
const ids = new Map();

const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`);

const wanted = process.env.FEDVOX_TORCH_INSTRUCTION_SET;
if (wanted !== undefined && wanted !== native.instructionSet) {
  say({ missing: wanted });
} else {
  native.setThreads(1);
  for (let index = first; index < end; index++) tryShape(index);
  say({ done: end - first });
}

function tryShape(index) {
  const random = randomFrom(seed * 1_000_003 + index);
  const shape = shapeOf(index, random);
  say({ index, shape });
  const { batch, inputs, outputs, size, taps, strides, padding } = shape;
  const xShape = [batch, ...size, inputs];
  const yShape = [batch, ...resultSize(shape), outputs];
  const filterShape = [...taps, inputs, outputs];
  const values = {
    x: some(xShape, random),
    filter: some(filterShape, random),
    dy: some(yShape, random),
  };
  const exact = convolutions(shape, values);
  const x = tensor(values.x, xShape, TYPE);
  const dy = tensor(values.dy, yShape, TYPE);
  const filter = tensor(values.filter, filterShape, FLOAT32);
  const slide = [strides, padding];
  const tasks = [
    ['conv3d', [x, filter, null, ...slide, TYPE], exact.y, yShape],
    ['conv3d_input_gradient', [dy, filter, null, ...slide, size, TYPE], exact.dx, xShape],
    ['conv3d_filter_gradient', [x, dy, ...slide, taps, TYPE], exact.dFilter, filterShape],
  ];
  for (const [operator, args, sums, wantedShape] of tasks) {
    poison(wantedShape);
    const result = run(`fedvox::${operator}`, ...args);
    const problem = differs(native.toTypedArray(result), native.shape(result), sums, wantedShape);
    if (problem !== undefined) say({ index, operator, problem });
    native.release(result);
  }
  for (const each of [x, dy, filter]) native.release(each);
}

function run(name, ...args) {
  if (!ids.has(name)) ids.set(name, native.resolveOperator(name));
  return native.runOperator(ids.get(name), ...args);
}

/** Multiples of an eighth from -1 to 1, which bfloat16 has too. */
function some(shape, random) {
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, () => (Math.floor(random() * 17) - 8) / 8);
}

function tensor(values, shape, type) {
  const whole = native.fromTypedArray(values, shape, FLOAT32, 'cpu');
  if (type === FLOAT32) return whole;
  const lowered = run('aten::_to_copy', whole, type);
  native.release(whole);
  return lowered;
}

/** Leaves no number in the memory that a result is likely to get, so that what is not written shows. */
function poison(shape) {
  for (const type of [FLOAT32, TYPE]) {
    const blocks = [0, 1].map(() => run('aten::full', shape, Number.NaN, type, null, 'cpu'));
    for (const block of blocks) native.release(block);
  }
}

function differs(values, shape, { values: exact, magnitudes }, wantedShape) {
  if (`${shape}` !== `${wantedShape}`) return `has the shape [${shape}], not [${wantedShape}]`;
  const at = exact.findIndex(
    (value, index) => !(Math.abs(values[index] - value) <= TOLERANCE * magnitudes[index] + 1e-30),
  );
  return at < 0 ? undefined : `says ${values[at]} at ${at}, not ${exact[at]}`;
}
