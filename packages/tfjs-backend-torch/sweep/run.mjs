// Compares small 3D convolutions and both their gradients with float64:
//   npm run sweep -- [--cases 5000] [--seed 1] [--brief | --here]
//
// By our own loops for each instruction set that the processor has, and by ATen's composition as libtorch
// computes it with all that the processor has and with less (ONEDNN_MAX_CPU_ISA), in float32 and bfloat16.
// Shapes are computed in processes of their own: one that crashes is reported by its shape, and a fresh
// process goes on behind it. `--brief` takes the best of our loops and two of libtorch's ways, `--here` what
// FEDVOX_TORCH_INSTRUCTION_SET says.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SWEEPER = fileURLToPath(new URL('sweeper.mjs', import.meta.url));
/** So many shapes a process: what a shape did to the heap may only show later. */
const SHAPES_AT_ONCE = 250;
const SILENCE_MS = 120_000;
const MOST_REPORTED = 20;
const MOST_CRASHES = 20;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    brief: { type: 'boolean', default: false },
    here: { type: 'boolean', default: false },
  },
});
const [cases, seed] = [values.cases, values.seed].map(Number);
if (!(cases > 0) || !Number.isInteger(cases) || !Number.isInteger(seed)) {
  console.error('--cases is a whole number from 1 on, --seed a whole number');
  process.exit(2);
}

const HERE = {
  name: process.env.FEDVOX_TORCH_INSTRUCTION_SET ?? 'our loops, the widest vectors',
  env: {},
};
const LOOPS = ['avx512bf16', 'avx512', 'avx2'].map((set) => ({
  name: `our loops, ${set}`,
  env: { FEDVOX_TORCH_INSTRUCTION_SET: set },
}));
const COMPOSED = [undefined, 'AVX512_CORE_BF16', 'AVX512_CORE', 'AVX2'].map((limit) => ({
  name: `ATen's composition${limit === undefined ? '' : `, oneDNN up to ${limit}`}`,
  env: {
    FEDVOX_TORCH_INSTRUCTION_SET: 'baseline',
    ...(limit === undefined ? {} : { ONEDNN_MAX_CPU_ISA: limit }),
  },
}));
const bodies = values.here
  ? [HERE]
  : values.brief
    ? [HERE, COMPOSED[0], COMPOSED[2]]
    : [...LOOPS, ...COMPOSED];

const failures = [];
let computed = 0;
for (const body of bodies) {
  for (const precision of ['float32', 'bfloat16']) {
    const before = failures.length;
    const swept = await sweep(body, precision);
    computed += swept ?? 0;
    const wrong = failures.length - before;
    const said = swept === undefined ? 'not on this processor' : `${swept} shapes, ${wrong} failed`;
    console.error(`${body.name}, ${precision}: ${said}`);
  }
}
for (const failure of failures.slice(0, MOST_REPORTED)) console.log(`FAILED ${failure}`);
if (failures.length > MOST_REPORTED) console.log(`… and ${failures.length - MOST_REPORTED} more`);
console.log(`${computed} shapes, ${failures.length} failed`);
process.exitCode = failures.length === 0 && computed > 0 ? 0 : 1;

/** All shapes by one body, in one process after the other; how many were begun, if it runs here at all. */
async function sweep(body, precision) {
  let crashes = 0;
  let next = 0;
  while (next < cases) {
    const end = Math.min(cases, next + SHAPES_AT_ONCE);
    const { last, ending } = await sweepSome(body, precision, next, end);
    if (ending === 'missing') return undefined;
    next = end;
    if (ending === 'done') continue;
    const where = last === undefined ? 'before the first shape' : `at ${describe(last)}`;
    failures.push(`${body.name}, ${precision}: ${ending} ${where}`);
    // A process that cannot start would not the next time either.
    if (last === undefined || ++crashes === MOST_CRASHES) return (last?.index ?? -1) + 1;
    next = last.index + 1;
  }
  return cases;
}

/** One process: the last shape that it began, and how it ended. */
async function sweepSome(body, precision, first, end) {
  const child = spawn(process.execPath, [SWEEPER, `${seed}`, `${first}`, `${end}`, precision], {
    env: { ...process.env, ...body.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last;
  let ending;
  let watchdog;
  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
  };
  heard();
  const closed = new Promise((resolve) => child.on('close', (...how) => resolve(how)));
  for await (const line of createInterface({ input: child.stdout })) {
    heard();
    const said = JSON.parse(line);
    if (said.shape !== undefined) last = said;
    else if (said.problem !== undefined) {
      const shape = describe(last);
      failures.push(`${body.name}, ${precision}: ${said.operator} ${said.problem} at ${shape}`);
    } else ending = said.done === undefined ? 'missing' : 'done';
  }
  const [status, signal] = await closed;
  clearTimeout(watchdog);
  if (status === 0 && ending !== undefined) return { last, ending };
  return { last, ending: `its process ended with ${signal ?? `status ${status}`}` };
}

function describe({ index, shape }) {
  const { batch, inputs, outputs, size, taps, strides, padding } = shape;
  return (
    `shape ${index} of seed ${seed}: x [${[batch, ...size, inputs]}], ` +
    `filter [${[...taps, inputs, outputs]}], strides ${strides}, padding ${padding}`
  );
}
