import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleGradients } from './bundle-gradients.mjs';
import { findLibtorch } from './find-libtorch.mjs';
import { NativeSetupError } from './setup-error.mjs';

const NATIVE = dirname(fileURLToPath(import.meta.url));
/** The one that is loaded, or another, so that builds against two libtorchs lie side by side. */
const BUILD = process.env.FEDVOX_TORCH_BUILD || join(NATIVE, '../build');
const REPOSITORY = join(NATIVE, '../../..');
const ADDON = 'fedvox-torch.node';
/** What was compiled, kept for whoever links it in another way. */
const OBJECTS = 'objects';
const COMPILE_TIMEOUT_MS = 600_000;

/**
 * Bundles the gradients, which every engine needs, then builds the native part against the machine's
 * libtorch. Does nothing when neither its sources nor the libtorch have changed since the last time.
 * @param {{log: (line: string) => void, force?: boolean, folder?: string, flags?: string[]}} options
 *   `flags` are given to the compiler and to the linker beside our own
 * @returns {Promise<{addon: string, built: boolean, libtorch: import('./find-libtorch.mjs').Libtorch}>}
 * @throws NativeSetupError
 */
export async function buildNative({ log, force = false, folder = BUILD, flags = [] }) {
  await bundleGradients({ log });
  const libtorch = findLibtorch();
  const machine = `${process.platform} ${process.arch}`;
  const stamp = createHash('sha256')
    .update(`${machine} ${libtorch.identity} ${flags.join(' ')}`)
    .update(sourceBytes())
    .digest('hex');
  const addon = join(folder, ADDON);
  const stampFile = join(folder, 'stamp.json');
  if (!force && existsSync(addon) && readStamp(stampFile) === stamp) {
    return { addon, built: false, libtorch };
  }
  const { includeDir, version, origin } = libtorch;
  log(`building the torch engine against libtorch ${version} (${origin}: ${includeDir})`);
  const compiler = findCompiler();
  mkdirSync(folder, { recursive: true });
  // A folder of its own: another process may be building at the same moment.
  const work = mkdtempSync(join(folder, 'work-'));
  try {
    const units = sources('.cc').flatMap((source) => unitsOf(source));
    const objects = await inTurn(units, (unit) =>
      compile(compiler, libtorch, { ...unit, flags: [...unit.flags, ...flags] }, work, log),
    );
    await link(compiler, libtorch, { addon, objects, flags, rpath: libtorch.libDir }, work, log);
    rmSync(join(folder, OBJECTS), { recursive: true, force: true });
    renameSync(work, join(folder, OBJECTS));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  writeFileSync(stampFile, `${JSON.stringify({ stamp, libtorch }, null, 2)}\n`);
  return { addon, built: true, libtorch };
}

/**
 * Links what `buildNative` compiled once more, as it travels: it finds libtorch by `rpath` (`$ORIGIN/…`), and
 * holds neither a path of this machine nor names that only a debugger wants.
 * @param {{log: (line: string) => void, addon: string, rpath: string, folder?: string}} options
 * @returns {Promise<import('./find-libtorch.mjs').Libtorch>} what it was compiled against
 * @throws NativeSetupError
 */
export async function linkToTravel({ log, addon, rpath, folder = BUILD }) {
  const { libtorch } = await buildNative({ log, folder });
  const compiled = join(folder, OBJECTS);
  const objects = readdirSync(compiled)
    .filter((name) => name.endsWith('.o'))
    .sort()
    .map((name) => join(compiled, name));
  const work = mkdtempSync(join(folder, 'work-'));
  try {
    await link(findCompiler(), libtorch, { addon, objects, flags: ['-s'], rpath }, work, log);
  } finally {
    rmSync(work, { recursive: true });
  }
  return libtorch;
}

function sources(extension) {
  return readdirSync(join(NATIVE, 'src'), { recursive: true })
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(NATIVE, 'src', name));
}

const AVX512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma'];
/** What the inner loops are compiled for, each in a table of its own; the processor at hand decides. */
export const INSTRUCTION_SETS = [
  { name: 'baseline', table: 'kBaselineKernels', vectorLength: 4, flags: [] },
  ...(process.arch === 'x64'
    ? [
        { name: 'avx2', table: 'kAvx2Kernels', vectorLength: 8, flags: ['-mavx2', '-mfma'] },
        { name: 'avx512', table: 'kAvx512Kernels', vectorLength: 16, flags: AVX512 },
        {
          name: 'avx512bf16',
          table: 'kAvx512Bf16Kernels',
          vectorLength: 16,
          flags: [...AVX512, '-mavx512bf16'],
        },
      ]
    : []),
];

/** Loops whose results are JavaScript's to the bit: no product is fused with a sum. */
const TO_THE_BIT = ['composed-sampling', 'intensities', 'sampling', 'smoothing'];

/** What would keep such loops from becoming vectors, and no bit hangs on: traps, and `errno` of a square root. */
const TO_THE_BIT_FLAGS = ['-O3', '-ffp-contract=off', '-fno-trapping-math', '-fno-math-errno'];

/** One compilation of a source: most have one, the inner loops one for each instruction set. */
function unitsOf(source) {
  const name = basename(source, '.cc');
  if (TO_THE_BIT.includes(name)) return [{ source, name, flags: TO_THE_BIT_FLAGS }];
  if (basename(dirname(source)) !== 'simd' || name === 'choose')
    return [{ source, name, flags: [] }];
  return INSTRUCTION_SETS.map(({ name: set, table, vectorLength, flags }) => ({
    source,
    name: `${name}-${set}`,
    flags: [
      '-O3',
      '-ffp-contract=fast',
      ...flags,
      `-DFEDVOX_KERNELS=${table}`,
      `-DFEDVOX_KERNELS_NAME="${set}"`,
      `-DFEDVOX_VECTOR_LENGTH=${vectorLength}`,
    ],
  }));
}

/** A compiler for each core, not for each source: libtorch's headers take a gigabyte apiece. */
async function inTurn(items, body) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await body(items[index]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function sourceBytes() {
  const files = [fileURLToPath(import.meta.url), ...sources('.cc'), ...sources('.h')];
  return Buffer.concat(files.map((file) => readFileSync(file)));
}

function readStamp(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).stamp : undefined;
}

function findCompiler() {
  const names = [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean);
  for (const name of names) {
    if (spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) return name;
  }
  throw new NativeSetupError(
    'no-compiler',
    `no C++ compiler: tried ${names.join(', ')}`,
    'Install one (Debian: `apt-get install g++`; macOS: `xcode-select --install`) or set CXX.',
  );
}

async function compile(compiler, libtorch, { source, name, flags: own }, work, log) {
  log(`compiling ${name}`);
  const object = join(work, `${name}.o`);
  const modern = Number(libtorch.version.split('.')[0]) >= 2;
  const flags = ['-O2', '-fPIC', '-fvisibility=hidden', `-std=${modern ? 'c++20' : 'c++17'}`];
  // at::parallel_for is inline. It must find libtorch's own OpenMP, so nothing is linked for it.
  if (process.platform === 'linux') flags.push('-fopenmp');
  const abi = `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi ? 1 : 0}`;
  // -isystem: the warnings of these headers are not ours to fix.
  const includes = [
    nodeApiHeaders(),
    libtorch.includeDir,
    join(libtorch.includeDir, 'torch/csrc/api/include'),
  ].flatMap((folder) => ['-isystem', folder]);
  // Messages of failed assertions name files: by their place in the repository or in libtorch, wherever that lies.
  const places = [`${libtorch.includeDir}=libtorch`, `${REPOSITORY}=.`, `${work}=.`];
  const mapped = places.map((place) => `-ffile-prefix-map=${place}`);
  await run(compiler, [
    ...[...flags, ...own, ...mapped, '-Wall', abi, ...includes],
    ...['-c', source, '-o', object],
  ]);
  return object;
}

function nodeApiHeaders() {
  const { include_dir: folder } = createRequire(import.meta.url)('node-api-headers');
  return folder;
}

async function link(compiler, libtorch, { addon, objects, flags, rpath }, work, log) {
  // CUDA's kernels register themselves on load; without --no-as-needed the linker drops them.
  const cuda = libtorch.cuda ? ['-Wl,--no-as-needed', '-ltorch_cuda', '-lc10_cuda'] : [];
  log(`linking ${basename(addon)}`);
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const libraries = ['-L', libtorch.libDir, ...cuda, '-ltorch_cpu', '-lc10'];
  const unfinished = join(work, 'addon.node');
  const output = ['-o', unfinished];
  await run(compiler, [
    ...['-shared', ...flags, ...platform],
    ...[...objects, ...libraries, `-Wl,-rpath,${rpath}`, ...output],
  ]);
  renameSync(unfinished, addon); // A running process keeps the one it has mapped.
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { timeout: COMPILE_TIMEOUT_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(undefined);
      else reject(compileFailed([command, ...args].join(' '), status, output));
    });
  });
}

function compileFailed(command, status, output) {
  const firstErrors = output
    .split('\n')
    .filter((line) => line.includes('error'))
    .slice(0, 5);
  return new NativeSetupError(
    'compile-failed',
    `${command} failed (${status ?? 'timed out'}):\n${firstErrors.join('\n') || output.slice(-2000)}`,
    'The compiler may be too old (C++17 for libtorch 1.13, C++20 for 2.x), or the libtorch incomplete: try another through FEDVOX_LIBTORCH.',
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const log = (line) => console.error(line);
    const { addon, built, libtorch } = await buildNative({
      log,
      force: process.argv.includes('--force'),
    });
    log(`${built ? 'built' : 'up to date'}: ${addon} (libtorch ${libtorch.version})`);
  } catch (error) {
    if (!(error instanceof NativeSetupError)) throw error;
    console.error(`${error.message}\n${error.advice}`);
    process.exitCode = 1;
  }
}
