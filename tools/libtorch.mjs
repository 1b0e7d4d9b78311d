// Finds libtorch, or installs it with pip into a virtual environment of the project's own.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findLibtorch } from '../packages/tfjs-backend-torch/native/find-libtorch.mjs';
import { NativeSetupError } from '../packages/tfjs-backend-torch/native/setup-error.mjs';

/**
 * Makes sure that there is a libtorch to build against: one that is already there, else a fresh one
 * beside the project.
 * @throws NativeSetupError with advice, where it cannot be had
 */
export async function installLibtorch({ repository, log }) {
  if (libtorchIsThere()) return;
  const venv = join(repository, '.fedvox', 'venv');
  log('installing libtorch (pip install torch, about 200 MB, into .fedvox/venv) …');
  const python = createEnvironment(venv);
  await pip(python, ['install', '--quiet', '--disable-pip-version-check', 'torch'], venv);
  if (libtorchIsThere()) return;
  throw new NativeSetupError(
    'libtorch-unusable',
    'pip installed torch, but no libtorch was found in it',
    'Delete .fedvox/venv and try again, or point FEDVOX_LIBTORCH at a libtorch folder.',
  );
}

function libtorchIsThere() {
  try {
    findLibtorch();
    return true;
  } catch (error) {
    if (error instanceof NativeSetupError && error.code === 'libtorch-not-found') return false;
    throw error;
  }
}

function createEnvironment(venv) {
  const python = join(venv, 'bin', 'python');
  if (existsSync(python)) return python;
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status === 0) return python;
  rmSync(venv, { recursive: true, force: true });
  throw new NativeSetupError(
    'libtorch-not-found',
    `python3 -m venv failed: ${reason(made)}`,
    'Install Python 3 with its venv module, or libtorch itself (Debian: libtorch-dev), or set FEDVOX_LIBTORCH.',
  );
}

async function pip(python, args, venv) {
  try {
    await promisify(execFile)(python, ['-m', 'pip', ...args]);
  } catch (failed) {
    rmSync(venv, { recursive: true, force: true });
    throw new NativeSetupError(
      'libtorch-not-found',
      `pip could not install torch: ${reason(failed)}`,
      'Check that the package index can be reached, or install libtorch itself (Debian: libtorch-dev), or set FEDVOX_LIBTORCH.',
    );
  }
}

function reason({ error, message, stderr, stdout }) {
  const said = `${stderr ?? ''}${stdout ?? ''}`.trim();
  return error?.message ?? (said.split('\n').at(-1) || message || 'no reason given');
}
