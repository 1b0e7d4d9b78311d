import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeSetupError } from './setup-error.mjs';

/**
 * @typedef {object} Libtorch
 * @property {string} origin what led to it, in words
 * @property {string} includeDir
 * @property {string} libDir
 * @property {string} version e.g. `2.13.0`
 * @property {boolean} cxx11Abi whether it was built with the C++11 std::string
 * @property {boolean} cuda whether it brings CUDA
 * @property {string} identity changes whenever the library does
 */

const OLDEST_SUPPORTED = [1, 13];
const PYTHON_TIMEOUT_MS = 20_000;
const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * The libtorch to build against: `FEDVOX_LIBTORCH`, then the `torch` of the machine's Python, then
 * the project's own virtual environment, then Debian's `libtorch-dev`.
 * @param {{env?: NodeJS.ProcessEnv, repository?: string}} [options]
 * @returns {Libtorch}
 * @throws NativeSetupError `libtorch-not-found`, `libtorch-unusable`
 */
export function findLibtorch({ env = process.env, repository = REPOSITORY } = {}) {
  const named = env.FEDVOX_LIBTORCH;
  if (named !== undefined && named !== '') return libtorchNamed(named);
  const candidates = [
    ["the machine's python3", torchOfPython('python3')],
    ['.fedvox/venv', torchOfVirtualEnvironment(join(repository, '.fedvox/venv'))],
    ['libtorch-dev', rootAt('/usr')],
  ];
  for (const [origin, root] of candidates) {
    const found = root === undefined ? undefined : examine(origin, root);
    if (found !== undefined) return found;
  }
  throw new NativeSetupError(
    'libtorch-not-found',
    'no libtorch on this machine: neither in FEDVOX_LIBTORCH, nor in python3, .fedvox/venv or libtorch-dev',
    'Run `pip install torch` in a virtual environment and set FEDVOX_LIBTORCH to it, or install libtorch-dev.',
  );
}

function libtorchNamed(path) {
  const roots = [rootAt(path), torchOfVirtualEnvironment(path)];
  for (const root of roots) {
    const found = root === undefined ? undefined : examine('FEDVOX_LIBTORCH', root);
    if (found !== undefined) return found;
  }
  throw new NativeSetupError(
    'libtorch-unusable',
    `FEDVOX_LIBTORCH is ${path}, which holds no libtorch (include/ATen and lib/libtorch_cpu.so)`,
    'Set it to an unpacked libtorch, to a Python package folder `torch`, or to a virtual environment with torch; or unset it.',
  );
}

/** Where a libtorch at `path` has its headers and libraries; Debian puts the latter by architecture. */
function rootAt(path) {
  const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
  const lib = join(path, 'lib');
  return { include: join(path, 'include'), libs: [lib, join(lib, triplets[process.arch] ?? '.')] };
}

function torchOfPython(python) {
  const script =
    "import importlib.util as u; s=u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  try {
    const options = {
      encoding: 'utf8',
      timeout: PYTHON_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    const path = execFileSync(python, ['-c', script], options).trim();
    return path === '' ? undefined : rootAt(path);
  } catch {
    return undefined; // No Python at all is as good as one without torch.
  }
}

function torchOfVirtualEnvironment(path) {
  const lib = join(path, 'lib');
  if (!existsSync(lib)) return undefined;
  const torch = readdirSync(lib)
    .map((python) => join(lib, python, 'site-packages/torch'))
    .find((folder) => existsSync(folder));
  return torch === undefined ? undefined : rootAt(torch);
}

/** @returns {Libtorch | undefined} undefined where the folder holds no whole libtorch */
function examine(origin, { include, libs }) {
  const suffix = process.platform === 'darwin' ? 'dylib' : 'so';
  const libDir = libs.find((dir) => existsSync(join(dir, `libtorch_cpu.${suffix}`)));
  const version = versionIn(include);
  if (libDir === undefined || version === undefined) return undefined;
  const [major, minor] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_SUPPORTED;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new NativeSetupError(
      'libtorch-unusable',
      `libtorch ${version} (${origin}) is older than ${OLDEST_SUPPORTED.join('.')}`,
      'Set FEDVOX_LIBTORCH to a newer one, e.g. a virtual environment after `pip install torch`.',
    );
  }
  const library = join(libDir, `libtorch_cpu.${suffix}`);
  const { size, mtimeMs } = statSync(library);
  return {
    origin,
    includeDir: include,
    libDir,
    version,
    cxx11Abi: usesCxx11Abi(join(libDir, `libc10.${suffix}`)),
    cuda: existsSync(join(libDir, `libtorch_cuda.${suffix}`)),
    identity: `${library} ${version} ${size} ${mtimeMs}`,
  };
}

/** The version that the headers state, wherever this release keeps it. */
function versionIn(include) {
  const homes = ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h'];
  for (const home of homes) {
    const path = join(include, home);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
    );
    if (!numbers.includes(undefined)) return numbers.join('.');
  }
  return undefined;
}

/** GCC's two std::string layouts do not link with each other; the library's symbols tell which it is. */
function usesCxx11Abi(library) {
  return readFileSync(library).includes('__cxx1112basic_string');
}
