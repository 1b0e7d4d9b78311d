// Installs what tests need besides the project's own set-up, where it can be had; a test that lacks it is
// skipped by name. Quick where all is there; never fails.
//   node tools/test-needs.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from './release/node-binary.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const INSTALL_TIMEOUT_MS = 300_000;
/** An archive with DICOMweb, a DICOM client, a browser, and what else verifies a release. */
const DEBIAN_PACKAGES = ['orthanc', 'orthanc-dicomweb', 'dcmtk', 'chromium', 'minisign'];
/** Beside libtorch, in the project's own virtual environment. */
const PYTHON_PACKAGES = ['pydicom', 'numpy'];

const say = (line) => process.stderr.write(`needs: ${line}\n`);

installDebianPackages();
installPythonPackages();
fetchNodeOfReleases();

function installDebianPackages() {
  if (starts('dpkg-query', ['-s', ...DEBIAN_PACKAGES])) return;
  if (!starts('apt-get', ['--version']) || process.getuid?.() !== 0) {
    say(`${DEBIAN_PACKAGES.join(', ')}: not all here, and only root can install them with apt-get`);
    return;
  }
  say(`installing ${DEBIAN_PACKAGES.join(', ')} …`);
  const quietly = ['-y', '-qq', '--no-install-recommends'];
  attempt('apt-get', ['update', '-qq']);
  attempt('apt-get', ['install', ...quietly, ...DEBIAN_PACKAGES]);
}

function installPythonPackages() {
  const venv = join(repository, '.fedvox', 'venv');
  const python = join(venv, 'bin', 'python');
  if (starts(python, ['-c', `import ${PYTHON_PACKAGES.join(', ')}`])) return;
  say(`installing ${PYTHON_PACKAGES.join(', ')} into .fedvox/venv …`);
  mkdirSync(join(repository, '.fedvox'), { recursive: true });
  if (!existsSync(python) && !attempt('python3', ['-m', 'venv', venv])) return;
  const options = ['install', '--quiet', '--disable-pip-version-check'];
  attempt(python, ['-m', 'pip', ...options, ...PYTHON_PACKAGES]);
}

function fetchNodeOfReleases() {
  try {
    nodeBinary({ folder: join(repository, '.fedvox', 'release'), log: say });
  } catch (error) {
    say(error.message);
  }
}

function starts(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Whether it was done; says why not. */
function attempt(program, args) {
  const { status, error, stderr } = spawnSync(program, args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (status === 0) return true;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1);
  say(`${[program, ...args].join(' ')}: ${reason}`);
  return false;
}
