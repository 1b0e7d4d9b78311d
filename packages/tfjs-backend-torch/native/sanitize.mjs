// Builds the native part with AddressSanitizer and UndefinedBehaviorSanitizer, in a build folder of its own,
// and runs the operators' tests and a sweep of small convolutions under them, by each instruction set that
// the processor has:
//   npm run sanitize -- [--cases 500] [--sets avx2,baseline]
//
// Only our own code is instrumented; libtorch is what it is. Linux with GCC.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const REPOSITORY = join(PACKAGE, '../..');
const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
const SWEEP = join(PACKAGE, 'sweep/run.mjs');
const BUILD = join(PACKAGE, 'build/sanitized');
const TESTS = ['own-operators', 'kernels/', 'ops/'].map((part) =>
  join('packages/tfjs-backend-torch/src', part),
);
const STEP_TIMEOUT_MS = 3_600_000;

process.env.FEDVOX_TORCH_BUILD = BUILD;
const { buildNative, INSTRUCTION_SETS } = await import('./build.mjs');
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '500' },
    sets: { type: 'string', default: INSTRUCTION_SETS.map(({ name }) => name).join(',') },
  },
});
const log = (line) => console.error(line);
const { addon } = await buildNative({ log, sanitizers: 'address,undefined' });

/** They come first in a process: node itself is built without them. */
const preloaded = ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map((name) =>
  spawnSync(process.env.CXX ?? 'c++', [`-print-file-name=${name}`], {
    encoding: 'utf8',
  }).stdout.trim(),
);
const env = {
  ...process.env,
  LD_PRELOAD: preloaded.join(':'),
  // Node gives back nothing when it ends, and libtorch brings its own copies of what others have.
  ASAN_OPTIONS: 'detect_leaks=0:detect_odr_violation=0:alloc_dealloc_mismatch=0',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};

const outcomes = [];
for (const set of values.sets.split(',')) {
  const under = { ...env, FEDVOX_TORCH_INSTRUCTION_SET: set };
  const asked = 'console.log(require(process.argv[1]).instructionSet)';
  const { stdout } = node(['-e', asked, addon], {
    env: under,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (stdout === null || stdout.trim() === '') outcomes.push([set, 'cannot be loaded', false]);
  else if (stdout.trim() !== set) outcomes.push([set, 'not on this processor', true]);
  else outcomes.push(...stepsFor(set, under));
}
for (const [set, outcome] of outcomes) console.log(`${set}: ${outcome}`);
process.exitCode = outcomes.every(([, , isGood]) => isGood) ? 0 : 1;

function stepsFor(set, under) {
  const steps = {
    'operators’ tests': [VITEST, 'run', '--project', 'all', ...TESTS],
    sweep: [SWEEP, '--here', '--cases', values.cases],
  };
  return Object.entries(steps).map(([name, args]) => {
    log(`${set}: ${name} …`);
    const { status, signal } = node(args, { env: under, stdio: 'inherit' });
    const isGood = status === 0;
    return [
      set,
      `${name} ${isGood ? 'clean' : `ended with ${signal ?? `status ${status}`}`}`,
      isGood,
    ];
  });
}

function node(args, options) {
  return spawnSync(process.execPath, args, {
    cwd: REPOSITORY,
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
    ...options,
  });
}
