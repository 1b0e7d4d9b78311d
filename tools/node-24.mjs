// A Node 24 beside the one that runs this, for the tests' second run: fetched once, into .fedvox.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const MAJOR = 24;
const FETCH_TIMEOUT_MS = 300_000;

/**
 * @param {string} repository
 * @returns {{path: string} | {missing: string}} its executable, or why there is none
 */
export function node24(repository) {
  if (Number(process.versions.node.split('.')[0]) >= MAJOR) {
    return { missing: `the tests run under Node ${process.versions.node} already` };
  }
  // What the npm package `node` would fetch, without its install script.
  const packageName = `node-${process.platform}-${process.arch}`;
  const folder = join(repository, '.fedvox', `node-${MAJOR}`);
  const path = join(folder, 'node_modules', packageName, 'bin', 'node');
  if (existsSync(path)) return { path };
  process.stderr.write(`tests: fetching Node ${MAJOR} into .fedvox …\n`);
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const { error, stderr } = spawnSync(
    'npm',
    ['install', ...options, '--prefix', folder, `${packageName}@${MAJOR}`],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: FETCH_TIMEOUT_MS },
  );
  if (existsSync(path)) return { path };
  return { missing: error?.message ?? stderr.trim().split('\n')[0] };
}
