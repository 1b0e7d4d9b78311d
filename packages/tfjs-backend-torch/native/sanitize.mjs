// Builds the native part with sanitizers and runs the operators' tests and a sweep of small convolutions
// under them, by each instruction set that the processor has: once with AddressSanitizer and
// UndefinedBehaviorSanitizer, once with ThreadSanitizer, each in a build folder of its own:
//   npm run sanitize -- [--cases 500] [--sets avx2,baseline] [--with address,thread]
//
// Only our own code is instrumented; libtorch is what it is. Linux with GCC.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildNative, INSTRUCTION_SETS } from './build.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const REPOSITORY = join(PACKAGE, '../..');
const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
const SWEEP = join(PACKAGE, 'sweep/run.mjs');
const TESTS = ['own-operators', 'kernels/', 'ops/'].map((part) =>
  join('packages/tfjs-backend-torch/src', part),
);
const STEP_TIMEOUT_MS = 3_600_000;
/** Under a sanitizer everything takes several times as long. */
const TEST_MS = 600_000;

const SANITIZERS = {
  address: {
    flags: ['-fsanitize=address,undefined', '-g1'],
    libraries: ['libasan.so', 'libubsan.so', 'libstdc++.so.6'],
    env: {
      // Node gives back nothing when it ends, and libtorch brings its own copies of what others have.
      ASAN_OPTIONS: 'detect_leaks=0:detect_odr_violation=0:alloc_dealloc_mismatch=0',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    },
  },
  thread: {
    flags: ['-fsanitize=thread', '-g1', '-include', join(PACKAGE, 'native/sanitize-threads.h')],
    libraries: ['libtsan.so', 'libstdc++.so.6'],
    // What node and libtorch do among themselves is not seen whole, so nothing can be said of it.
    env: { TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1:exitcode=66' },
  },
};

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '500' },
    sets: { type: 'string', default: INSTRUCTION_SETS.map(({ name }) => name).join(',') },
    with: { type: 'string', default: Object.keys(SANITIZERS).join(',') },
  },
});
const log = (line) => console.error(line);

const outcomes = [];
for (const name of values.with.split(',')) {
  const { flags, libraries, env } = SANITIZERS[name];
  const folder = join(PACKAGE, 'build', `sanitized-${name}`);
  const { addon } = await buildNative({ log, folder, flags });
  const preloaded = { ...process.env, ...env, LD_PRELOAD: libraries.map(pathOf).join(':') };
  for (const set of values.sets.split(',')) {
    const under = {
      ...preloaded,
      FEDVOX_TORCH_BUILD: folder,
      FEDVOX_TORCH_INSTRUCTION_SET: set,
    };
    outcomes.push(...outcomesOf(addon, set, under).map((each) => ({ ...each, name, set })));
  }
}
for (const { name, set, said } of outcomes) console.log(`${name}, ${set}: ${said}`);
process.exitCode = outcomes.every(({ isGood }) => isGood) ? 0 : 1;

/** Sanitizers come first in a process: node itself is built without them. */
function pathOf(library) {
  const { stdout } = spawnSync(process.env.CXX ?? 'c++', [`-print-file-name=${library}`], {
    encoding: 'utf8',
  });
  return stdout.trim();
}

function outcomesOf(addon, set, env) {
  const asked = 'console.log(require(process.argv[1]).instructionSet)';
  const { stdout } = node(['-e', asked, addon], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (stdout === null || stdout.trim() === '') return [{ said: 'cannot be loaded', isGood: false }];
  if (stdout.trim() !== set) return [{ said: 'not on this processor', isGood: true }];
  const steps = {
    'operators’ tests': [VITEST, 'run', '--project', 'all', `--testTimeout=${TEST_MS}`, ...TESTS],
    sweep: [SWEEP, '--here', '--cases', values.cases],
  };
  return Object.entries(steps).map(([step, args]) => {
    log(`${set}: ${step} …`);
    const { status, signal } = node(args, { env, stdio: 'inherit' });
    const ending = status === 0 ? 'clean' : `ended with ${signal ?? `status ${status}`}`;
    return { said: `${step} ${ending}`, isGood: status === 0 };
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
